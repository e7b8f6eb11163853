/** `memcube demo` as a user sees it: from sources here; from the packed package in the toolchain tests. */
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";

import { commandIn, memcube, temporaryFolder } from "./run-memcube.ts";

const folder = temporaryFolder();
const { here, ok, value } = commandIn(folder.path);
afterAll(() => folder.remove());

describe("memcube demo", () => {
  it("tells its story, finds the evidence and leaves nothing behind", async () => {
    const temporary = temporaryFolder();
    const env = { TMPDIR: temporary.path, TEMP: temporary.path };
    const { code, out, errors } = await memcube({ ...here, env }, "demo");
    expect({ code, errors }).toEqual({ code: 0, errors: "" });
    expect(out.match(/^\d\. .*$/gm)).toEqual([
      "1. Import",
      "2. Ask, without a language model",
      "3. The text for a prompt, within 512 tokens",
      "4. A fact changes; its history stays",
      "5. The log verifies",
      "6. Close, and ask again in another process",
    ]);
    expect(out).toMatch(/380 memories added in .*, durable \(power\)/);
    expect(out).toMatch(/version 2 · .* · ada via cli/);
    expect(out).toMatch(/^ {3}ok: \d+ commits and \d+ versions recomputed/m);
    expect(out).toMatch(/the update is there: .*17th of June/);
    const [, found, asked, again] =
      /found (\d+) of (\d+) in the top 5 \((.*) restart\)/.exec(out) ?? [];
    expect(Number(found) / Number(asked)).toBeGreaterThan(0.6);
    expect(again).toContain("the same after a");
    expect(readdirSync(temporary.path).filter((name) => name.startsWith("memcube-demo-"))).toEqual(
      [],
    );
    temporary.remove();
  });

  it("keeps a file that was named, and may be run on it again", async () => {
    await ok("demo", "--db", "demo.db");
    expect(await value("demo", "--db", "demo.db")).toMatchObject({
      imported: { messages: 380, added: 0 },
      score: { asked: expect.any(Number), five: expect.any(Number) },
      verified: true,
      again: { pid: expect.any(Number) },
    });
    expect(existsSync(join(folder.path, "demo.db"))).toBe(true);
    expect(
      (await ok("search", "rabies shot", "--cube", "demo", "--db", "demo.db")).length,
    ).toBeGreaterThan(0);
  });

  it("takes a file with questions, or questions given", async () => {
    const sample = {
      sample_id: "conv-1",
      conversation: {
        session_1_date_time: "1:56 pm on 8 May, 2023",
        session_1: [
          { speaker: "Ann", dia_id: "D1:1", text: "I planted a lemon tree." },
          { speaker: "Ben", dia_id: "D1:2", text: "My boat is called Nora." },
        ],
      },
      qa: [{ question: "What did Ann plant?", answer: "A lemon tree", evidence: ["D1:1"] }],
    };
    writeFileSync(join(folder.path, "locomo.json"), JSON.stringify(sample));
    const own = await memcube(here, "demo", "--file", "locomo.json");
    expect(own.out).toMatch(/found 1 of 1 in the top 5 \(the same after a restart\)/);
    const given = await memcube(here, "demo", "--file", "locomo.json", "--question", "Whose boat?");
    expect(given).toMatchObject({ code: 0, errors: "" });
    expect(given.out).toContain("My boat is called Nora.");
    expect(await memcube(here, "demo", "--question", "x")).toMatchObject({ code: 2 });
    expect(await memcube(here, "demo", "--file", "gone.json")).toMatchObject({ code: 3 });
  });
});
