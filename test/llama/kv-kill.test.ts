import { openKvStore } from "@memcube/llama";
import { spawn } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";

const PROGRAM = join(import.meta.dirname, "kv-kill-process.ts");

/** Runs until it has stored something, then kills it after so many milliseconds. */
async function killed(directory: string, afterMs: number): Promise<void> {
  const child = spawn(process.execPath, ["--conditions=@memcube/source", PROGRAM, directory], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const closed = new Promise((resolve) => child.once("close", resolve));
  // Its output goes on being read, or it would end over a closed pipe.
  const lines = createInterface({ input: child.stdout });
  await new Promise((resolve) => lines.once("line", resolve));
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  child.kill("SIGKILL");
  await closed;
}

test("a process that is killed while it stores leaves whole pages and no scratch files", async () => {
  const directory = await mkdtemp(join(tmpdir(), "memcube-kill-"));
  try {
    for (const afterMs of [0, 7, 23, 61]) {
      // Two at a time on one directory.
      await Promise.all([killed(directory, afterMs), killed(directory, afterMs + 5)]);
    }
    const store = await openKvStore({ directory });
    const { pages, problems } = await store.verify();
    expect(problems).toEqual([]);
    expect(pages).toBeGreaterThan(8);
    expect((await store.list()).length).toBeGreaterThan(0);
    await store.close();
    const left = await readdir("/dev/shm").catch(() => []);
    expect(left.filter((name) => name.startsWith("memcube-kv-"))).toEqual([]);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}, 180_000);
