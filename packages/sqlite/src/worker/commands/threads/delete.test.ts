import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, test, vi } from "vitest";

import { sqliteStorage } from "../../../sqlite-storage.ts";

const WORD = "nobody-should-find-this";
const thread = (threadId: string) => ({ tenantId: "t", owner: "user:ada", threadId }) as const;

/** A step that says the word, as it is. */
function step(at: number) {
  const bytes = Buffer.from(`\0${WORD}${"x".repeat(at % 300)}`);
  const checkpoint = { namespace: "", id: String(at).padStart(4, "0"), value: bytes };
  const chunks = [{ hash: `chunk-${at}`, needs: [], bytes }];
  return { checkpoint: { ...checkpoint, chunks: [`chunk-${at}`] }, chunks, now: at };
}

test("of a thread that is deleted nothing is left in the files, logged or laid out", async () => {
  const directory = mkdtempSync(join(tmpdir(), "memcube-delete-"));
  const path = join(directory, "memory.db");
  const found = () =>
    [path, `${path}-wal`].map((file) => readFileSync(file, "latin1").split(WORD).length - 1);
  const storage = await sqliteStorage({ path, durability: "power" });
  try {
    for (let at = 0; at < 100; at += 1) await storage.threads.put(thread("1"), step(at));
    await storage.threads.get(thread("1"), { namespace: "", now: 1 }); // lays them out
    for (let at = 100; at < 200; at += 1) await storage.threads.put(thread("1"), step(at));
    expect(Math.max(...found())).toBeGreaterThan(200);
    await storage.threads.delete(thread("1"));
    await storage.threads.put(thread("2"), { ...step(0), chunks: [], checkpoint: OTHER });
    await vi.waitFor(() => expect(found()).toEqual([0, 0]), 10_000);
  } finally {
    await storage.close();
    rmSync(directory, { recursive: true });
  }
});

const OTHER = { namespace: "", id: "a", value: new Uint8Array(9), chunks: [] };
