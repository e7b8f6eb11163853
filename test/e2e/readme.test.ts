/**
 * The READMEs are true: their TypeScript type-checks and runs, their links lead somewhere, the commands
 * they name exist, and the example runs. A block with imports stands alone; one without goes on from the
 * prelude below; `<!-- not run: ... -->` above a block says why it is type-checked only.
 */
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { describeMissing } from "../servers/describe-redis.ts";
import { findRedis } from "../servers/redis-binary.ts";
import { startRedis } from "../servers/redis-server.ts";
import { memcube, runFile, temporaryFolder } from "./run-memcube.ts";

const ROOT = dirname(dirname(import.meta.dirname));
const PAGES = [
  "README.md",
  "packages/memcube/README.md",
  "packages/core/README.md",
  "packages/sqlite/README.md",
  "packages/redis/README.md",
  "packages/langgraph/README.md",
  "packages/langchain/README.md",
  "packages/ai-sdk/README.md",
  "packages/mastra/README.md",
  "packages/llama/README.md",
];
/** Stands in the pages for a server of the reader's; here it is one of the test's own. */
const REDIS = "redis://localhost:6379";
const QUICKSTART = join(ROOT, "examples/quickstart/index.ts");
const LANGGRAPH = join(ROOT, "examples/langgraph-memory/index.ts");
const LANGCHAIN = join(ROOT, "examples/langchain-agent/index.ts");

/** What the recipes say they go on from. */
const PRELUDE = `
import { open } from "memcube";
const os = await open({ path: ":memory:" });
const me = os.as({ userId: "ada" });
const cube = await me.cube("user:ada");
const [id = ""] = (await cube.add({ role: "user", content: "In May I moved to Turin, where I live." })).ids;
{
`;
const POSTLUDE = "\n}\nawait os.close();\nvoid id;\n";

interface Example {
  readonly name: string;
  readonly text: string;
  /** Why it is not run; `undefined` when it is. */
  readonly notRun: string | undefined;
}

function examplesOf(page: string): Example[] {
  const text = readFileSync(join(ROOT, page), "utf8");
  const blocks = text.matchAll(/(?:<!-- not run: ([^>]*) -->\s*)?```ts\n([\s\S]*?)```/g);
  return [...blocks].map(([, notRun, code = ""], index) => ({
    name: `${page.replace(/\W+/g, "-")}-${index + 1}`.toLowerCase(),
    text: /^import /m.test(code) ? code : `${PRELUDE}${code}${POSTLUDE}`,
    notRun,
  }));
}

const folder = temporaryFolder();
const examples = PAGES.flatMap(examplesOf);
const binary = await findRedis();
const server = "missing" in binary ? undefined : await startRedis({ binary });
afterAll(async () => {
  await server?.stop();
  folder.remove();
});

beforeAll(() => {
  symlinkSync(join(ROOT, "test/node_modules"), join(folder.path, "node_modules"), "junction");
  writeFileSync(join(folder.path, "package.json"), '{"type":"module"}');
  for (const { name, text } of examples) {
    const here = text.replaceAll(REDIS, server?.url ?? REDIS);
    writeFileSync(join(folder.path, `${name}.ts`), here);
  }
});

const needsServer = ({ text }: Example): boolean => text.includes(REDIS);
const canRun = (example: Example): boolean =>
  example.notRun === undefined && (server !== undefined || !needsServer(example));

describe("the READMEs", () => {
  it("have examples", () => {
    expect(examples.length).toBeGreaterThan(9);
    expect(examples.filter(({ notRun }) => notRun !== undefined)).toHaveLength(1);
    expect(examples.filter(needsServer)).toHaveLength(1);
  });

  it("and the examples type-check", async () => {
    const config = {
      extends: join(ROOT, "tsconfig.check.json"),
      compilerOptions: {
        composite: false,
        emitDeclarationOnly: false,
        declaration: false,
        noEmit: true,
        typeRoots: [join(ROOT, "node_modules/@types")],
      },
      include: [`${folder.path}/*.ts`, QUICKSTART, LANGGRAPH, LANGCHAIN],
    };
    writeFileSync(join(folder.path, "tsconfig.json"), JSON.stringify(config));
    const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
    const { code, out } = await runFile([tsc, "-p", folder.path], { cwd: folder.path });
    expect({ code, out }).toEqual({ code: 0, out: "" });
  }, 180_000);

  if ("missing" in binary) describeMissing(binary.missing);

  it.each(examples.filter(canRun))("run $name, twice", async ({ name }) => {
    const cwd = join(folder.path, `${name}-run`);
    mkdirSync(cwd);
    for (let time = 1; time <= 2; time++) {
      const { code, errors } = await runFile([join(folder.path, `${name}.ts`)], { cwd });
      expect({ code, errors }).toEqual({ code: 0, errors: "" });
    }
  });

  it("link to files that are there", () => {
    for (const page of PAGES) {
      const text = readFileSync(join(ROOT, page), "utf8");
      for (const [, target = ""] of text.matchAll(/\]\(([^)#]+)[^)]*\)/g)) {
        if (/^https?:/.test(target)) continue;
        expect(existsSync(join(ROOT, dirname(page), target)), `${page}: ${target}`).toBe(true);
      }
    }
  });

  it("name every command, and none that is not there", async () => {
    const { out } = await memcube({ cwd: folder.path }, "help");
    const [, list = ""] = /Commands:\n([\s\S]*?)\n\n/.exec(out) ?? [];
    const commands = [...list.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name ?? "");
    const readme = readFileSync(join(ROOT, "README.md"), "utf8");
    const [, table = ""] = /## The command\n([\s\S]*?)\n## /.exec(readme) ?? [];
    const rows = table.split("\n").filter((line) => line.startsWith("| `"));
    const named = rows.flatMap((row) =>
      [...(row.split("|")[1] ?? "").matchAll(/`([a-z]+)`/g)].map(([, name]) => name ?? ""),
    );
    expect(named.toSorted()).toEqual(commands.filter((name) => name !== "help").toSorted());
  });

  it("show what the demo says", async () => {
    const readme = readFileSync(join(ROOT, "README.md"), "utf8");
    const [, shown = ""] = /```console\n([\s\S]*?)```/.exec(readme) ?? [];
    const { out } = await memcube({ cwd: folder.path }, "demo");
    const headings = shown.match(/^\d\. .*$/gm) ?? [];
    const questions = shown.match(/^ {3}[A-Z].*\?$/gm) ?? [];
    expect(headings.length).toBeGreaterThan(3);
    expect(questions.length).toBeGreaterThan(0);
    for (const line of [...headings, ...questions]) expect(out).toContain(line);
  });
});

describe("examples/quickstart", () => {
  it("remembers across sessions and restarts", async () => {
    const first = await runFile([QUICKSTART, "quickstart.db"], { cwd: folder.path });
    expect(first).toMatchObject({ code: 0, errors: "" });
    expect(first.out).toMatch(
      /monday {2}ada: {3}Where do I live\?\nmonday {2}agent: I remember nothing yet\./,
    );
    expect(first.out).toMatch(/friday {2}agent: I remember that you said "I moved to Turin in May/);
    const second = await runFile([QUICKSTART, "quickstart.db"], { cwd: folder.path });
    expect(second.out).toMatch(
      /^monday .*\nmonday {2}agent: I remember that you said "I moved to Turin/,
    );
  });
});
