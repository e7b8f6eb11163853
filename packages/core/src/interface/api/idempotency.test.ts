import { afterEach, describe, expect, test } from "vitest";

import { testOS, wordEmbedder } from "../../testing/test-os.ts";
import type { MemOS } from "./index.ts";

const opened: MemOS[] = [];
afterEach(async () => {
  for (const os of opened.splice(0)) await os.close();
});

async function shared(options: Parameters<typeof testOS>[0] = {}) {
  const { os } = testOS(options);
  opened.push(os);
  const ada = os.as({ userId: "ada" });
  const cube = await ada.createCube("team", { allow: ["everyone"], writers: ["everyone"] });
  const bobs = await os.as({ userId: "bob" }).cube("team");
  return { os, ada, cube, bobs };
}

describe("idempotency keys", () => {
  test("belong to one caller and one operation", async () => {
    const { os, ada, cube, bobs } = await shared();
    const key = { idempotencyKey: "turn-1" };
    const first = await cube.add("Ada's secret", { ...key, allow: [] });
    const second = await bobs.add("Bob's words", key);
    expect(second.added).toBe(1);
    expect(second.ids).not.toEqual(first.ids);
    const agent = await os.as({ userId: "ada", agentId: "helper" }).cube("team");
    expect((await agent.add("the agent's words", key)).added).toBe(1);
    const absorbed = await ada.absorb({ cube: "team", turns: "what was said", ...key });
    expect(absorbed.added).toBe(1);
  });

  test("of an update belong to one memory", async () => {
    const { cube } = await shared();
    const { ids } = await cube.add(["a", "b"]);
    for (const id of ids) await cube.update(id, { text: "new" }, { idempotencyKey: "k" });
    expect((await cube.getMany(ids)).map(({ version }) => version.number)).toEqual([2, 2]);
  });

  test("an update is repeated although its version has passed or it froze itself", async () => {
    const { cube } = await shared();
    const [id = ""] = (await cube.add({ type: "fact", text: "one" })).ids;
    const options = { expectedVersion: 1, idempotencyKey: "job" };
    await cube.update(id, { text: "two" }, options);
    const again = await cube.update(id, { text: "two" }, options);
    expect(again.version.number).toBe(2);
    await expect(
      cube.update(id, { text: "two" }, { ...options, idempotencyKey: "other" }),
    ).rejects.toMatchObject({ code: "MEMCUBE_CONFLICT" });

    const append = { mode: "append", idempotencyKey: "freeze" } as const;
    await cube.update(id, { text: "three", frozen: true }, append);
    const frozen = await cube.update(id, { text: "three", frozen: true }, append);
    expect(frozen.payload).toMatchObject({ text: "two\nthree" });
    expect(frozen.version.number).toBe(3);
  });

  test("a repeated add gives the same ids in the order of the input", async () => {
    const { cube } = await shared();
    const turns = ["m1", "m2"].map((id) => ({ id, role: "user", content: `Message ${id}` }));
    await cube.add(turns.slice(1), { sessionId: "s" });
    const input = [...turns, { role: "user", content: "No id" }];
    const options = { sessionId: "s", idempotencyKey: "all" };
    const first = await cube.add(input, options);
    expect(first.ids).toHaveLength(3);
    expect(first.added).toBe(2);
    const again = await cube.add(input, options);
    expect(again.ids).toEqual(first.ids);
    expect(again.added).toBe(0);
  });

  test("a repeated add waits for the first one's embedding", async () => {
    const embedder = wordEmbedder();
    const { cube } = await shared({ embedder });
    await cube.add("apple", { idempotencyKey: "k" });
    const again = await cube.add("apple", { idempotencyKey: "k" });
    expect(await again.settled()).toMatchObject({ finished: 1, waiting: 0 });
    expect(embedder.calls).toBe(1);
  });
});
