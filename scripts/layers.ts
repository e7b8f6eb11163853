/**
 * Who may import whom: the one table behind the lint rule `memcube/layers` (`scripts/lint-plugin.ts`).
 * The layers and packages are those of `docs/ARCHITECTURE.md`; `test/toolchain/layers.test.ts` plants a
 * wrong import in each of them and sees it reported.
 */
import { posix } from "node:path";

/** What one package may import besides its own files. */
export interface PackageRule {
  /** Static imports, types included. */
  readonly may: readonly string[];
  /** Only as `import("...")`: optional peers, loaded when asked for. */
  readonly mayDynamically?: readonly string[];
  /** The `node:` modules allowed; left out, all are. */
  readonly builtins?: readonly string[];
  /** Said when the import is not allowed. */
  readonly why: string;
}

const ADAPTER = "an adapter imports only core and its framework";
const DRIVER = "a driver imports only core and its client";

/** One row for each folder of `packages/`. */
export const PACKAGES: Readonly<Record<string, PackageRule>> = {
  core: {
    may: ["zod"],
    builtins: ["node:crypto", "node:diagnostics_channel", "node:zlib"],
    why: "core knows no database, model, framework or operating system",
  },
  sqlite: { may: ["@memcube/core", "zod"], why: DRIVER },
  redis: { may: ["@memcube/core", "redis", "zod"], why: DRIVER },
  llama: { may: ["@memcube/core", "node-llama-cpp", "zod"], why: DRIVER },
  langchain: { may: ["@memcube/core", "@langchain/core", "langchain", "zod"], why: ADAPTER },
  langgraph: {
    may: ["@memcube/core", "@langchain/core", "@langchain/langgraph-checkpoint", "zod"],
    why: ADAPTER,
  },
  "ai-sdk": { may: ["@memcube/core", "@ai-sdk/provider", "zod"], why: ADAPTER },
  mastra: { may: ["@memcube/core", "@mastra/core", "zod"], why: ADAPTER },
  conformance: {
    may: ["@memcube/core", "vitest", "fast-check"],
    why: "the suite knows the ports of core and the test runner, no driver",
  },
  memcube: {
    may: ["@memcube/core", "@memcube/sqlite", "zod"],
    mayDynamically: ["@memcube/redis", "@memcube/llama"],
    why: "memcube joins core and sqlite; redis and llama are optional: import() them when asked for",
  },
};

/** The layers of `packages/core/src`, highest first; entries of one row are one layer. */
export const CORE_LAYERS: readonly (readonly string[])[] = [
  ["index.ts", "packing.ts"],
  ["create-mem-os.ts", "random-ids.ts"],
  ["interface"],
  ["operation"],
  ["infrastructure"],
  ["ports"],
  ["flow"],
  ["memory"],
  ["text"],
  ["errors.ts", "events.ts", "limits.ts"],
];

/** Layers whose folders see each other only through `index.ts`. */
export const LAYERS_WITH_SIBLINGS: readonly string[] = ["interface", "operation", "infrastructure"];

/** In core beside the layers: may import every layer, and is imported by tests only. */
export const TESTING = "testing";

/** A unit test, or what stands beside unit tests to help them; neither is built. */
const TEST_FILE = /(\.test|(^|[./])testing)\.ts$/;

/** What is loaded where the rest of its package is not: in the thread of a storage. */
const OPEN_SUBPATHS = ["@memcube/core/packing"];

/** What a test in a package may import on top of the package's row. */
const TESTS_MAY = ["@memcube/core", "@memcube/conformance", "vitest", "fast-check"];

const FOR_TESTS = "what helps tests is for tests only";

export type ImportKind = "static" | "dynamic";

/**
 * Judges one import.
 *
 * @param file path of the importing file, relative to the repository root, with `/`
 * @param specifier what stands in quotes
 * @returns what is wrong with it; `undefined` when it is allowed
 */
export function judgeImport(file: string, specifier: string, kind: ImportKind): string | undefined {
  const [top, name = "", ...rest] = file.split("/");
  if (top === "scripts") return undefined;
  const relative = specifier.startsWith(".");
  const target = relative ? posix.join(posix.dirname(file), specifier) : specifier;
  if (relative && !/\.[a-z]+$/.test(target)) return `write the file's extension: "${specifier}.ts"`;
  if (top !== "packages") {
    // A bench also measures what no package exports.
    const free = !target.startsWith("packages/") || file.startsWith("test/bench/");
    return free ? undefined : throughItsName(target);
  }
  if (rest[0] !== "src") return undefined;

  const row = PACKAGES[name];
  if (row === undefined) return `packages/${name} has no row in scripts/layers.ts`;
  const importer = { name, row, path: rest.slice(1), test: TEST_FILE.test(file), kind };
  if (specifier.startsWith("node:")) return judgeBuiltin(importer, specifier);
  if (!relative) return judgePackage(importer, specifier);
  if (!importer.test && TEST_FILE.test(target)) return FOR_TESTS;
  if (target.startsWith(`packages/${name}/src/`)) {
    return name === "core" ? judgeLayer(importer, target.split("/").slice(3)) : undefined;
  }
  if (importer.test && target.startsWith("scripts/")) return undefined;
  return target.startsWith(`packages/${name}/`)
    ? `packages/${name}/src is all that is built: import nothing outside it`
    : throughItsName(target);
}

interface Importer {
  readonly name: string;
  readonly row: PackageRule;
  /** Segments below `src/`. */
  readonly path: readonly string[];
  readonly test: boolean;
  readonly kind: ImportKind;
}

function throughItsName(target: string): string {
  const folder = target.split("/").slice(0, 2).join("/");
  return `do not reach into ${folder}: import the package by its name`;
}

function judgeBuiltin({ name, row, path, test }: Importer, specifier: string): string | undefined {
  if (row.builtins === undefined || test || path[0] === TESTING) return undefined;
  if (row.builtins.includes(specifier)) return undefined;
  return `${name} may not import ${specifier}: ${row.why} (allowed: ${row.builtins.join(", ")})`;
}

function judgePackage({ name, row, test, kind }: Importer, specifier: string): string | undefined {
  const segments = specifier.split("/");
  const depth = specifier.startsWith("@") ? 2 : 1;
  const wanted = segments.slice(0, depth).join("/");
  const subpath = segments.slice(depth).join("/");
  if (wanted === (name === "memcube" ? name : `@memcube/${name}`)) {
    return `${name} may not import itself by name: use a relative path`;
  }
  const allowed = [
    ...row.may,
    ...(kind === "dynamic" ? (row.mayDynamically ?? []) : []),
    ...(test ? TESTS_MAY : []),
  ];
  if (!allowed.includes(wanted)) return `${name} may not import ${wanted}: ${row.why}`;
  const testing = wanted === "@memcube/core" && subpath === TESTING;
  if (testing && !test && name !== "conformance") return FOR_TESTS;
  const open = testing || OPEN_SUBPATHS.includes(specifier);
  const inside = wanted.startsWith("@memcube/") && subpath !== "" && !open;
  return inside ? `do not reach into ${wanted}: import what its root exports` : undefined;
}

function judgeLayer({ path, test }: Importer, target: readonly string[]): string | undefined {
  const [from = "", fromFolder] = path;
  const [to = "", toFolder] = target;
  if (from === TESTING) return undefined;
  if (to === TESTING) return test ? undefined : FOR_TESTS;

  // A test belongs to the layer of the file it stands beside, and may join the layers to test it.
  if (test && target.length === 1 && to === "create-mem-os.ts") return undefined;
  const fromRank = rank(path.length === 1 ? from.replace(/\.test\.ts$/, ".ts") : from);
  const toRank = rank(to);
  if (fromRank === -1) return `core/${from} is in no layer of scripts/layers.ts`;
  if (toRank === -1) return `core/${to} is in no layer of scripts/layers.ts`;
  if (toRank < fromRank) return `core/${from} may not import core/${to}: imports only go down`;

  const siblings =
    from === to &&
    LAYERS_WITH_SIBLINGS.includes(from) &&
    path.length > 2 &&
    target.length > 2 &&
    fromFolder !== toFolder;
  if (siblings && target.slice(2).join("/") !== "index.ts") {
    return `${from}/${fromFolder} may import ${to}/${toFolder} only through its index.ts`;
  }
  return undefined;
}

function rank(entry: string): number {
  return CORE_LAYERS.findIndex((layer) => layer.includes(entry));
}
