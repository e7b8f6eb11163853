/**
 * A process that puts steps into threads until it is killed, and says on its standard output what was
 * acknowledged: one JSON line each. Run by `thread-crash.test.ts`:
 *
 *   node --conditions=@memcube/source thread-writer-process.ts <path> <writer> <round> <durability>
 */
import { writeSync } from "node:fs";

import type { ThreadRef, Threads } from "@memcube/core";
import { sqliteStorage } from "@memcube/sqlite";

import { type AcknowledgedStep, stepId, threadOf } from "./acknowledged-step.ts";

const [path = "", writer = "", round = "", durability = "process"] = process.argv.slice(2);
const name = `${writer}-${round}`;

const { threads } = await sqliteStorage({
  path,
  durability: durability === "power" ? "power" : "process",
});
await Promise.all([
  fill(threadOf(`kept-${name}`), 0),
  fill(threadOf(`short-lived-${name}`), 60),
  fill(threadOf("shared"), 0),
]);

/**
 * Steps that build on each other: each gives one chunk, which needs that of the step before.
 * @param life steps after which the thread is deleted and begun anew; 0 for never
 */
async function fill(thread: ThreadRef, life: number): Promise<void> {
  let before: string | undefined;
  let kept: string[] = [];
  for (let serial = 1; ; serial += 1) {
    const id = stepId(name, serial);
    before = await put(threads, thread, { id, before });
    say({ thread: thread.threadId, put: id });
    kept.push(id);
    if (serial % 7 === 0) await read(thread, id);
    if (serial % 25 === 0) {
      const removed = kept.splice(0, kept.length - 3);
      await removing(thread, removed, () =>
        threads.deleteCheckpoints(
          thread,
          removed.map((one) => ({ namespace: "", id: one })),
        ),
      );
    }
    if (life === 0 || serial % life !== 0) continue;
    await removing(thread, kept, () => threads.delete(thread));
    [before, kept] = [undefined, []];
  }
}

interface Step {
  readonly id: string;
  readonly before: string | undefined;
}

/** Puts a checkpoint and a write of it; the hash of its chunk. */
async function put(to: Threads, thread: ThreadRef, { id, before }: Step): Promise<string> {
  const now = Date.now();
  const hash = `chunk-${thread.threadId}-${id}`;
  const chunk = { hash, needs: before === undefined ? [] : [before], bytes: bytesOf(id) };
  const checkpoint = { namespace: "", id, value: bytesOf(id), chunks: [hash] };
  await to.put(thread, { checkpoint, chunks: [chunk], packable: true, now });
  const writes = [{ taskId: "task", index: 0, value: bytesOf(id), chunks: [hash] }];
  const place = { namespace: "", checkpointId: id };
  await to.putWrites(thread, { ...place, writes, chunks: [], packable: true, now });
  return hash;
}

function bytesOf(id: string): Uint8Array {
  return Buffer.from(`\u0003${id} ${"lorem ipsum dolor sit amet ".repeat(4)}`);
}

/** What was acknowledged is there for whoever wrote it. */
async function read(thread: ThreadRef, id: string): Promise<void> {
  const found = await threads.get(thread, { namespace: "", id, now: Date.now() });
  if (found?.writes.length !== 1) throw new Error(`${id} of ${thread.threadId} is not there`);
}

async function removing(
  { threadId: thread }: ThreadRef,
  ids: readonly string[],
  remove: () => Promise<unknown>,
): Promise<void> {
  say({ thread, removing: ids });
  await remove();
  say({ thread, removed: ids });
}

/** Waits while the reader has not taken what was said before. */
function say(line: AcknowledgedStep): void {
  const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
  for (let written = 0; written < bytes.length;) {
    try {
      written += writeSync(1, bytes, written);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
    }
  }
}
