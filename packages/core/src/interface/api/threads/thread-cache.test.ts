import { expect, test } from "vitest";

import { createMemOS } from "../../../create-mem-os.ts";
import { memoryStorage } from "../../../testing/index.ts";

const step = (value: string) => ({
  id: "1",
  head: {},
  channels: new Map([["said", { version: 1, changed: true, value }]]),
});

test("a checkpoint that somebody else replaced is read as it is now", async () => {
  const storage = memoryStorage();
  const here = createMemOS({ storage }).as({ userId: "ada" }).threads;
  const elsewhere = createMemOS({ storage }).as({ userId: "ada" }).threads;
  for (const [first, second] of [
    ["short", "other"],
    ["long ".repeat(100), "more ".repeat(100)], // Of these only the chunks differ.
  ] as const) {
    await here.put("t", step(first));
    expect((await here.get("t"))?.value("said")).toBe(first);
    await elsewhere.put("t", step(second));
    expect((await here.get("t"))?.value("said")).toBe(second);
    expect((await here.get("t"))?.value("said")).toBe(second);
  }
  await storage.close();
});

test("what is read may be changed and is read again as it was put", async () => {
  const storage = memoryStorage();
  const { threads } = createMemOS({ storage }).as({ userId: "ada" });
  const value = { list: ["a"] };
  const channels = new Map([["said", { version: 1, changed: true, value }]]);
  await threads.put("t", { id: "1", head: { at: ["x"] }, channels });
  for (let round = 0; round < 2; round += 1) {
    const found = await threads.get("t");
    const said = found?.value("said") as { list: string[] };
    const head = found?.head() as { at: string[] };
    expect([said, head]).toEqual([{ list: ["a"] }, { at: ["x"] }]);
    said.list.push("b");
    head.at.push("y");
  }
  await storage.close();
});
