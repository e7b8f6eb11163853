import { createMemOS, type KvState } from "@memcube/core";
import { sqliteStorage } from "@memcube/sqlite";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

const STATE: KvState = {
  modelSha256: "a".repeat(64),
  engineKey: "engine",
  lora: [{ sha256: "c".repeat(64), scale: 0.5 }],
  tokenCount: 512,
  tokensSha256: "b".repeat(64),
  pages: [new Uint8Array(300_000).fill(1), new Uint8Array(300_000).fill(2)],
};

test("activation memories outlive a restart in a file, and go with their sources", async () => {
  const folder = await mkdtemp(join(tmpdir(), "memcube-states-"));
  const open = async () => {
    const storage = await sqliteStorage({ path: join(folder, "memory.db") });
    const os = createMemOS({ storage });
    return { os, storage, me: os.as({ userId: "ada" }) };
  };
  try {
    const first = await open();
    const cube = await first.me.createCube("notes");
    const { ids } = await cube.add(["tea", "coffee"]);
    const sources = ids.map((id) => ({ id, version: 1 }));
    const { header } = await cube.promote(STATE, { sources });
    await first.os.close();

    const second = await open();
    const again = await second.me.cube("notes");
    expect(await again.recallState(header.id)).toEqual({ state: STATE });
    await again.erase(ids[1]!);
    expect(await again.recallState(header.id)).toBeUndefined();
    expect(await second.storage.blobs.list("default", { limit: 10 })).toEqual([]);
    expect((await again.verify()).ok).toBe(true);
    await second.os.close();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
