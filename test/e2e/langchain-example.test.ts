/** `examples/langchain-agent` does what its page says, in processes that share a file. */
import { dirname, join } from "node:path";
import { afterAll, expect, it } from "vitest";

import { lines, memcube, runFile, temporaryFolder } from "./run-memcube.ts";

const EXAMPLE = join(dirname(dirname(import.meta.dirname)), "examples/langchain-agent/index.ts");
const folder = temporaryFolder();
const cwd = folder.path;
afterAll(() => folder.remove());

it("remembers in another process, and corrects itself", async () => {
  const { code, out, errors } = await runFile([EXAMPLE, "agent.db"], { cwd });
  expect({ code, errors }).toEqual({ code: 0, errors: "" });
  expect(lines(out).filter((line) => line.startsWith("agent:"))).toEqual([
    "agent: Noted.",
    "agent: A noodle soup without nuts, in Oslo.",
    "agent: A noodle soup without nuts, in Oslo.",
    "agent: I have corrected what I knew.",
    "agent: A noodle soup without nuts, in Bergen.",
  ]);
  expect(lines(out).filter((line) => line.endsWith(")"))).toEqual([
    "Ada lives in Bergen and is allergic to nuts. (cook via langchain: she moved)",
    "I live in Oslo and I am allergic to nuts. (cook via langchain)",
  ]);
}, 60_000);

it("goes on in the file: what it knows is memory of the user's cube", async () => {
  const options = ["--db", "agent.db", "--user", "ada"];
  const { code, out } = await memcube({ cwd }, "search", "Bergen", ...options);
  expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining("Ada lives in") });
  expect((await memcube({ cwd }, "verify", ...options)).code).toBe(0);
});
