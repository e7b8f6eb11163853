/** What was told in one process is known in another, also when both have the file open at once. */
import { join } from "node:path";
import { open, type Position } from "memcube";
import { afterAll, describe, expect, it } from "vitest";

import { ended, runFile, type Said, start, temporaryFolder } from "./run-memcube.ts";

const TELL = new URL("./programs/tell.ts", import.meta.url).pathname;
const RECALL = new URL("./programs/recall.ts", import.meta.url).pathname;

const folder = temporaryFolder();
afterAll(() => folder.remove());
const here = { cwd: folder.path };

interface Told {
  readonly ids: readonly string[];
  readonly position: Position;
}
interface Recalled {
  readonly ids: readonly string[];
  readonly text: string;
  readonly positions: Readonly<Record<string, Position>>;
  readonly ok: boolean;
  readonly commits: number;
}

/** The last line of a program that must have ended well. */
function result<T>({ code, out, errors }: Said): T {
  expect({ code, errors }).toEqual({ code: 0, errors: "" });
  return JSON.parse(out.trim().split("\n").at(-1) ?? "") as T;
}

describe("after a restart", () => {
  const path = join(folder.path, "restart.db");

  it("another process recalls what was told, at the position it was told at", async () => {
    const told = result<Told>(await runFile([TELL, path, "ada", "user:ada", "5", "Mara"], here));
    expect(told.ids).toHaveLength(5);
    const position = JSON.stringify(told.position);
    const recalled = result<Recalled>(
      await runFile([RECALL, path, "ada", "user:ada", "Mara counts to 4", position], here),
    );
    expect(recalled.ids[0]).toBe(told.ids[3]);
    expect(recalled.text).toContain("Mara counts to 4");
    expect(recalled.positions["user:ada"]).toEqual(told.position);
    expect(recalled).toMatchObject({ ok: true, commits: told.position.seq });
  });

  it("telling the same again adds nothing", async () => {
    const again = result<Told>(await runFile([TELL, path, "ada", "user:ada", "5", "Mara"], here));
    const recalled = result<Recalled>(
      await runFile([RECALL, path, "ada", "user:ada", "Mara counts to 1"], here),
    );
    expect(again.ids).toContain(recalled.ids[0]);
    expect(recalled.commits).toBe(again.position.seq);
    expect(again.position.seq).toBe(6);
  });

  it("nobody else sees it", async () => {
    const { code, errors } = await runFile([RECALL, path, "eve", "user:ada", "Mara"], here);
    expect(code).not.toBe(0);
    expect(errors).toContain("MEMCUBE_CUBE_NOT_FOUND");
  });

  it("a process that is killed loses nothing it was told was kept", async () => {
    const killed = join(folder.path, "killed.db");
    const child = start([TELL, killed, "ada", "user:ada", "100000", "Kim"], here);
    const said = ended(child);
    const os = await open({ path: killed });
    const cube = await os.as({ userId: "ada" }).cube("user:ada");
    await expect
      .poll(async () => (await cube.stats()).memories, { timeout: 20_000 })
      .toBeGreaterThan(20);
    child.kill("SIGKILL");
    const { out } = await said;
    const { items } = await cube.list({ limit: 1_000 });
    const there = new Set(items.map(({ header }) => header.id));
    const kept = [...out.matchAll(/^kept (.+)$/gm)].map(([, id]) => id ?? "");
    expect(kept.length).toBeGreaterThan(20);
    expect(kept.filter((id) => !there.has(id))).toEqual([]);
    const numbers = items.map(({ payload }) => (payload.type === "turn" ? payload.order : -1));
    expect(numbers).toEqual(items.map((_, index) => index));
    expect(await cube.verify()).toMatchObject({ ok: true });
    expect((await cube.search("Kim counts to 7", { limit: 1 })).text).toContain("Kim counts to 7");
    await os.close();
  });
});

describe("two processes with one file", () => {
  const path = join(folder.path, "shared.db");
  const each = 40;

  it("write at the same time, and see each other's memories and log", async () => {
    const os = await open({ path });
    const cube = await os.as({ userId: "ada" }).cube("user:ada");
    const ends = new AbortController();
    const followed: number[] = [];
    const following = (async () => {
      for await (const change of cube.log({ follow: true, signal: ends.signal })) {
        if (change.op === "add") followed.push(change.seq);
      }
    })();
    const told = await Promise.all(
      ["Ann", "Ben"].map(
        async (label) =>
          await runFile([TELL, path, "ada", "user:ada", String(each), label], here).then(
            result<Told>,
          ),
      ),
    );
    const ids = told.flatMap((result) => result.ids);
    expect(new Set(ids).size).toBe(2 * each);

    const page = await cube.list({ limit: 1_000, withTotal: true });
    expect(page.total).toBe(2 * each);
    expect(page.items.map(({ header }) => header.id).toSorted()).toEqual(ids.toSorted());
    for (const label of ["Ann", "Ben"]) {
      const { hits } = await cube.search(`${label} counts to ${each}`, { limit: 1 });
      expect(ids).toContain(hits[0]?.memory.header.id);
      expect(hits[0]?.memory.payload).toMatchObject({ text: `${label} counts to ${each}` });
    }
    await expect.poll(() => followed.length, { timeout: 10_000 }).toBe(2 * each);
    ends.abort();
    await following;
    expect(followed).toEqual([...followed].sort((a, b) => a - b));
    expect(await cube.verify()).toMatchObject({ ok: true, commits: 2 * each + 1 });
    await os.close();
  });
});
