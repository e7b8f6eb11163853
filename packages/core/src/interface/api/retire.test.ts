/** What has expired is erased when its retention has passed, by one process, whatever happens meanwhile. */
import { afterEach, describe, expect, test } from "vitest";

import { memoryStorage } from "../../testing/index.ts";
import { testOS } from "../../testing/test-os.ts";
import type { MemCube, MemOS } from "./index.ts";

const opened: MemOS[] = [];
afterEach(async () => {
  for (const os of opened.splice(0)) await os.close();
});

async function start() {
  const storage = memoryStorage();
  const { os, clock } = testOS({ storage });
  opened.push(os);
  const cube = await os.as({ userId: "ada" }).createCube("cache");
  const rows = () => [...storage.data.cubes.values()][0]?.memories.size ?? 0;
  return { os, clock, cube, rows, storage };
}

async function opsOf(cube: MemCube): Promise<string[]> {
  const ops: string[] = [];
  for await (const { op, decision } of cube.log()) ops.push(`${op} ${decision.rules.at(-1)}`);
  return ops;
}

describe("retention", () => {
  test("erases what has expired, in one commit that says so, and nothing else", async () => {
    const { os, clock, cube, rows } = await start();
    await cube.add(["one", "two"], { ttlMs: 1_000, retentionMs: 500 });
    await cube.add("kept for ever", { ttlMs: 1_000 });
    await cube.add("lives on", { retentionMs: 0 });
    clock.advance(1_499);
    await os.idle();
    expect(rows()).toBe(4);
    clock.advance(200);
    await os.idle();
    expect(rows()).toBe(2);
    const ops = await opsOf(cube);
    expect(ops.slice(-2)).toEqual(Array(2).fill("erase background:retention-over"));
    expect((await cube.list()).items).toMatchObject([{ payload: { text: "lives on" } }]);
  });

  test("leaves what was renewed, or is frozen, until its own time", async () => {
    const { os, clock, cube, rows } = await start();
    const options = { ttlMs: 1_000, retentionMs: 0 };
    const [renewed = ""] = (await cube.add("renewed", options)).ids;
    const [frozen = ""] = (await cube.add("frozen", options)).ids;
    await cube.update(frozen, { frozen: true });
    clock.advance(900);
    await cube.renew(await cube.getMany([renewed]), { ttlMs: 1_000 });
    clock.advance(400);
    await os.idle();
    expect(rows()).toBe(2);
    expect(await cube.get(renewed)).toBeDefined();
    clock.advance(1_000);
    await os.idle();
    expect(rows()).toBe(1);
  });

  test("needs a right to erase to bring it about, not to put it off", async () => {
    const { os, clock, cube, rows } = await start();
    await cube.configure({ allow: ["everyone"], writers: ["everyone"] });
    const [plain = "", dated = ""] = [
      ...(await cube.add("plain")).ids,
      ...(await cube.add("dated", { ttlMs: 1_000, retentionMs: 1_000 })).ids,
    ];
    const bobs = await os.as({ userId: "bob" }).cube("cache");
    const soon = { expiresAt: clock.now() + 10, retentionMs: 0 };
    for (const id of [plain, dated]) {
      await expect(bobs.update(id, soon)).rejects.toMatchObject({ code: "MEMCUBE_FORBIDDEN" });
    }
    await bobs.update(dated, { expiresAt: clock.now() + 5_000 });
    await bobs.add("his own", { ttlMs: 10, retentionMs: 0 });
    clock.advance(3_000);
    await os.idle();
    expect(rows()).toBe(2);
  });

  test("asks a second process and a second attempt for nothing, and few tasks for many renewals", async () => {
    const { os, clock, cube, rows, storage } = await start();
    const other = testOS({ storage, clock }).os;
    opened.push(other);
    const [id = ""] = (await cube.add("one", { ttlMs: 80_000, retentionMs: 0 })).ids;
    for (let times = 0; times < 200; times++) {
      clock.advance(100);
      await cube.renew(await cube.getMany([id]), { ttlMs: 80_000 });
    }
    const waiting = [...storage.data.queue.tasks.values()].filter(({ type }) => type === "retire");
    expect(waiting.length).toBeGreaterThan(1);
    expect(waiting.length).toBeLessThan(12);
    clock.advance(100_000);
    await Promise.all([os.idle(), other.idle()]);
    expect(rows()).toBe(0);
    expect((await opsOf(cube)).filter((op) => op.startsWith("erase"))).toHaveLength(1);
  });
});
