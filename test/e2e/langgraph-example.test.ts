/** `examples/langgraph-memory` does what its page says, in processes that share a file. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, expect, it } from "vitest";

import { lines, memcube, runFile, temporaryFolder } from "./run-memcube.ts";

const EXAMPLE = join(dirname(dirname(import.meta.dirname)), "examples/langgraph-memory/index.ts");
const folder = temporaryFolder();
const cwd = folder.path;
afterAll(() => folder.remove());

it("tells, asks, approves and goes back, each in a process of its own", async () => {
  const { code, out, errors } = await runFile([EXAMPLE, "travel.db"], { cwd });
  expect({ code, errors }).toEqual({ code: 0, errors: "" });
  const said = lines(out).filter((line) => line.startsWith("agent:"));
  expect(said).toEqual([
    "agent: Noted.",
    "agent: A weekend in Porto: a flight at eleven, and a vegetarian dinner by the river.",
    "agent: Booked.",
    "agent: Not booked.",
  ]);
  expect(out).toContain("(waits before: approve)");
  const kept = lines(out).filter((line) => line.startsWith("travellers/ada"));
  expect(kept, "a decline after an approval books nothing").toHaveLength(2);
}, 180_000);

it("goes on in the file: what is known is memory of the user's cube", async () => {
  expect(existsSync(join(cwd, "travel.db"))).toBe(true);
  const options = ["--db", "travel.db", "--user", "local"];
  const { code, out } = await memcube({ cwd }, "search", "vegetarian", ...options);
  expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining("vegetarian") });
  const verified = await memcube({ cwd }, "verify", "--db", "travel.db", "--user", "local");
  expect(verified.code).toBe(0);
});
