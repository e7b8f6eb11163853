/**
 * Plants imports in every folder of core and in every package, lints them all in one run, and sees each
 * wrong one reported and each right one pass. What is right is written here again, apart from the table
 * of `scripts/layers.ts`, so that a row lost there fails here.
 */
import { existsSync, readdirSync } from "node:fs";
import { join, posix } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { type Finding, lintPlanted, ROOT } from "./planted-tree.ts";

/** `undefined`: must pass; else a part of the message that must be reported. */
type Verdict = string | undefined;
interface Plant {
  readonly statement: string;
  readonly verdict: Verdict;
}

const CORE = "packages/core/src";
const DOWN = "imports only go down";

/** One folder or file of each layer, highest first. */
const LAYERS = [
  "create-mem-os.ts",
  "interface/api",
  "operation/operator",
  "infrastructure/vault",
  "ports",
  "flow",
  "memory",
  "text",
  "errors.ts",
];
const SIBLINGS: Record<string, readonly string[]> = {
  interface: ["reader", "api", "pipeline"],
  operation: ["operator", "scheduler", "lifecycle"],
  infrastructure: ["governance", "vault", "transfer", "store"],
};
const SQLITE = "@memcube/sqlite";
const DRIVER = "a driver imports only core and its client";
const ADAPTER = "an adapter imports only core and its framework";
/** Package: what it may import, what it may not, and why. */
const PACKAGES: Record<string, { right: string[]; wrong: string[]; why: string }> = {
  core: {
    right: ["zod", "node:crypto", "node:zlib", "node:diagnostics_channel"],
    wrong: [SQLITE, "memcube", "langchain", "node:fs", "node:path", "node:buffer", "fs"],
    why: "core knows no database",
  },
  sqlite: {
    right: ["@memcube/core", "node:sqlite", "node:fs"],
    wrong: ["@memcube/redis", "memcube", "@memcube/conformance", "vitest"],
    why: DRIVER,
  },
  redis: { right: ["@memcube/core", "redis"], wrong: [SQLITE, "@memcube/llama"], why: DRIVER },
  llama: {
    right: ["@memcube/core", "node-llama-cpp"],
    wrong: [SQLITE, "@memcube/redis", "langchain"],
    why: DRIVER,
  },
  langchain: {
    right: ["@memcube/core", "@langchain/core/messages", "langchain"],
    wrong: [SQLITE, "@memcube/langgraph", "memcube", "ai"],
    why: ADAPTER,
  },
  langgraph: {
    right: ["@memcube/core", "@langchain/langgraph-checkpoint"],
    wrong: [SQLITE, "@memcube/langchain", "@memcube/redis", "@langchain/langgraph"],
    why: ADAPTER,
  },
  "ai-sdk": {
    right: ["@memcube/core", "@ai-sdk/provider"],
    wrong: [SQLITE, "@memcube/mastra", "ai"],
    why: ADAPTER,
  },
  mastra: {
    right: ["@memcube/core", "@mastra/core/memory"],
    wrong: [SQLITE, "@memcube/ai-sdk", "memcube"],
    why: ADAPTER,
  },
  conformance: {
    right: ["@memcube/core", "@memcube/core/testing", "vitest", "fast-check"],
    wrong: [SQLITE, "memcube"],
    why: "no driver",
  },
  memcube: {
    right: ["@memcube/core", SQLITE, "node:fs"],
    wrong: ["@memcube/redis", "@memcube/llama", "@memcube/langchain", "@memcube/conformance"],
    why: "optional",
  },
};

const plants = new Map<string, Plant[]>();

function plant(file: string, specifier: string, verdict: Verdict, form = "import"): void {
  const quoted = JSON.stringify(specifier);
  const lines = plants.get(file) ?? [];
  const name = `a${lines.length}`;
  const statements: Record<string, string> = {
    import: `import { ${name} } from ${quoted};`,
    type: `import type { ${name} } from ${quoted};`,
    export: `export { ${name} } from ${quoted};`,
    exportAll: `export * from ${quoted};`,
    dynamic: `export const ${name} = await import(${quoted});`,
    importType: `export type ${name} = import(${quoted}).A;`,
  };
  const statement = statements[form];
  if (statement === undefined) throw new Error(`no form ${form}`);
  plants.set(file, [...lines, { statement, verdict }]);
}

/** A specifier from one file of core to another. */
function between(from: string, to: string): string {
  const path = posix.relative(posix.dirname(from), to);
  return path.startsWith(".") ? path : `./${path}`;
}

function inLayer(entry: string, name = "planted"): string {
  return `${CORE}/${entry.endsWith(".ts") ? entry : `${entry}/${name}.ts`}`;
}

function plantLayers(): void {
  for (const [row, lower] of LAYERS.entries()) {
    for (const [otherRow, other] of LAYERS.entries()) {
      if (row === otherRow) continue;
      const specifier = between(inLayer(lower), inLayer(other, "other"));
      plant(inLayer(lower), specifier, otherRow < row ? DOWN : undefined);
    }
    plant(inLayer(lower), between(inLayer(lower), `${CORE}/index.ts`), DOWN);
    plant(inLayer(lower), between(inLayer(lower), `${CORE}/limits.ts`), undefined);
    plant(inLayer(lower), between(inLayer(lower), `${CORE}/testing/index.ts`), "for tests only");
    plant(inLayer(lower), between(inLayer(lower), `${CORE}/attic/x.ts`), "in no layer");
  }
  plant(`${CORE}/create-mem-os.ts`, "./random-ids.ts", undefined);
  plant(`${CORE}/interface/api/ids.ts`, "../../random-ids.ts", DOWN);
  for (const form of ["type", "export", "exportAll", "dynamic", "importType"]) {
    plant(`${CORE}/text/forms.ts`, "../memory/header.ts", DOWN, form);
    plant(`${CORE}/memory/forms.ts`, "../text/terms.ts", undefined, form);
  }
}

function plantSiblings(): void {
  for (const [layer, folders] of Object.entries(SIBLINGS)) {
    for (const folder of folders) {
      const file = inLayer(`${layer}/${folder}`);
      for (const other of folders) {
        if (other === folder) continue;
        plant(file, `../${other}/inside.ts`, "only through its index.ts");
        plant(file, `../${other}/index.ts`, undefined);
        const deep = inLayer(`${layer}/${folder}/deep`);
        plant(deep, `../../${other}/deep/index.ts`, "only through its index.ts");
        plant(deep, `../../${other}/index.ts`, undefined);
      }
      plant(file, "./deep/inside.ts", undefined);
    }
  }
}

/** The folders that core has today, so that none is forgotten. */
function plantEveryFolder(): void {
  const root = join(ROOT, CORE);
  for (const found of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!found.isDirectory()) continue;
    const folder = posix.join(CORE, posix.relative(root, posix.join(found.parentPath, found.name)));
    if (folder.startsWith(`${CORE}/testing`)) continue;
    const file = `${folder}/everywhere.ts`;
    plant(file, between(file, `${CORE}/create-mem-os.ts`), DOWN);
    plant(file, between(file, `${CORE}/limits.ts`), undefined);
  }
}

function plantPackages(): void {
  for (const [name, { right, wrong, why }] of Object.entries(PACKAGES)) {
    const file = `packages/${name}/src/${name === "core" ? "memory/" : ""}packages.ts`;
    const up = "../".repeat(file.split("/").length - 2);
    for (const specifier of right) plant(file, specifier, undefined);
    for (const specifier of wrong) plant(file, specifier, why);
    for (const other of Object.keys(PACKAGES)) {
      if (other === name) continue;
      plant(file, `${up}${other}/src/index.ts`, `do not reach into packages/${other}`);
    }
    plant(file, name === "memcube" ? name : `@memcube/${name}`, "may not import itself");
    plant(file, "./neighbour", "write the file's extension");
    plant(file, "./neighbour.ts", undefined);
    plant(file, `${up}${name}/dist/index.js`, "all that is built");
    plant(file, `${up}../scripts/build-kernel.ts`, "do not reach into scripts");
    if (name !== "core") plant(file, "@memcube/core/dist/memory.js", "do not reach into");

    const test = file.replace(".ts", ".test.ts");
    plant(test, `${up}../scripts/build-kernel.ts`, undefined);
    for (const specifier of ["vitest", "fast-check", "node:fs"]) plant(test, specifier, undefined);
    if (name !== "core") plant(test, "@memcube/core/testing", undefined);
    for (const specifier of wrong) {
      const unlikeTests = specifier.startsWith("node:") || specifier === "vitest";
      if (!unlikeTests && specifier !== "@memcube/conformance") plant(test, specifier, why);
    }
  }
  for (const name of ["sqlite", "langchain", "memcube"]) {
    plant(`packages/${name}/src/fake.ts`, "@memcube/core/testing", "for tests only");
  }
  plant("packages/memcube/src/open.ts", "@memcube/redis", undefined, "dynamic");
  plant("packages/memcube/src/open.ts", "@memcube/redis", "optional", "type");
  plant("packages/memcube/src/open.ts", "@memcube/mastra", "optional", "dynamic");
  plant("packages/unheard-of/src/index.ts", "zod", "has no row");
  plant(`${CORE}/testing/fake.ts`, "../operation/operator/index.ts", undefined);
  plant(`${CORE}/testing/fake.ts`, "node:fs", undefined);
  plant(`${CORE}/text/terms.test.ts`, "../testing/index.ts", undefined);
  plant(`${CORE}/text/terms.test.ts`, "../memory/header.ts", DOWN);
  for (const helper of ["planted.test.ts", "testing.ts", "clock.testing.ts"]) {
    plant(`${CORE}/interface/api/${helper}`, "../../create-mem-os.ts", undefined);
    plant(`${CORE}/interface/api/${helper}`, "../../index.ts", DOWN);
    plant(`${CORE}/memory/${helper}`, "../testing/index.ts", undefined);
    plant(`${CORE}/memory/${helper}`, "./testing.ts", undefined);
    plant(`${CORE}/memory/${helper}`, "../flow/change.ts", DOWN);
  }
  for (const helper of ["./testing.ts", "./clock.testing.ts", "./header.test.ts"]) {
    plant(`${CORE}/memory/header.ts`, helper, "for tests only");
    plant("packages/sqlite/src/vault.ts", helper, "for tests only");
  }
  plant("scripts/build.ts", "../packages/core/src/limits.ts", undefined);
  plant("packages/sqlite/tool.config.ts", "vitest/config", undefined);
  plant(`${CORE}/attic/x.ts`, "../limits.ts", "in no layer");
  plant("test/bench/scan.ts", "../../packages/core/src/text/terms.ts", undefined);
  plant(`${CORE}/create-mem-os.test.ts`, "./create-mem-os.ts", undefined);
  plant(`${CORE}/limits.test.ts`, "./text/terms.ts", DOWN);
  plant("test/e2e/story.ts", "../../packages/core/src/index.ts", "do not reach into packages/core");
  plant("test/e2e/story.ts", SQLITE, undefined);
  plant("examples/basic/main.ts", "../../packages/memcube/src/open.ts", "do not reach into");
}

describe("the layer rules", () => {
  let findings: Finding[] = [];
  beforeAll(() => {
    plantLayers();
    plantSiblings();
    plantEveryFolder();
    plantPackages();
    const files = [...plants].map(([file, lines]): [string, string] => [
      file,
      lines.map(({ statement }) => statement).join("\n"),
    ]);
    findings = lintPlanted(new Map(files), { typeAware: false });
  });

  /** Line by line: what was reported where something must be, and the other way round. */
  function wrongVerdicts(wanted: "reported" | "passed"): string[] {
    const complaints: string[] = [];
    for (const [file, lines] of plants) {
      for (const [index, { statement, verdict }] of lines.entries()) {
        if ((verdict === undefined) !== (wanted === "passed")) continue;
        const said = findings
          .filter(({ rule }) => rule === "memcube(layers)")
          .filter((found) => found.file === file && found.line === index + 1)
          .map(({ message }) => message)
          .join("; ");
        const right = verdict === undefined ? said === "" : said.includes(verdict);
        if (!right) complaints.push(`${file}: ${statement} said ${JSON.stringify(said)}`);
      }
    }
    return complaints;
  }

  it("report every wrong import", () => {
    expect(wrongVerdicts("reported")).toEqual([]);
  });

  it("let every right import pass", () => {
    expect(wrongVerdicts("passed")).toEqual([]);
  });

  it("are planted in every package and every layer there is", () => {
    const packages = readdirSync(join(ROOT, "packages")).filter((name) =>
      existsSync(join(ROOT, "packages", name, "package.json")),
    );
    expect(packages.filter((name) => PACKAGES[name] === undefined)).toEqual([]);
    expect([...plants.values()].flat().length).toBeGreaterThan(300);
  });
});
