import { afterEach, expect, test } from "vitest";

import { callerSchema, principalsOf } from "../../flow/index.ts";
import type { Clock, Storage } from "../../ports/index.ts";
import { testOS, wordEmbedder } from "../../testing/test-os.ts";
import type { Visitor } from "./cubes.ts";
import { discardDeadLetters, listDeadLetters, redriveDeadLetters } from "./dead-letters.ts";
import type { MemOS } from "./index.ts";

const opened: MemOS[] = [];
afterEach(async () => {
  for (const os of opened.splice(0)) await os.close();
});

/** Somebody at the door of the storage, with as much of a context as dead letters need. */
function visitor(storage: Storage, clock: Clock, userId: string): Visitor {
  const caller = callerSchema.parse({ userId });
  const worker = { nudge: () => undefined };
  const context = { storage, clock, worker, headers: new Map(), state: { closed: false } };
  return { context: context as never, caller, principals: principalsOf(caller) };
}

test("dead letters are seen, run again and removed by the owner of the cube alone", async () => {
  const embedder = wordEmbedder();
  const { os, clock, storage } = testOS({ embedder });
  opened.push(os);
  const me = os.as({ userId: "ada" });
  const ada = visitor(storage, clock, "ada");
  const bob = visitor(storage, clock, "bob");
  const cube = await me.createCube("c", { allow: ["user:bob"] });
  embedder.failures = 1_000;
  const added = await cube.add("the red kayak");
  for (let i = 0; i < 8; i++) {
    await os.idle();
    clock.advance(400_000);
  }
  expect(await added.settled()).toEqual({ finished: 0, failed: 1, waiting: 0 });

  const { items } = await listDeadLetters(ada);
  expect(items).toMatchObject([{ cubeId: "c", type: "embed", error: "MEMCUBE_EMBEDDER_FAILED" }]);
  const ids = items.map(({ id }) => id);
  expect((await listDeadLetters(bob)).items).toEqual([]);
  expect(await redriveDeadLetters(bob, ids)).toBe(0);
  expect(await discardDeadLetters(bob, ids)).toBe(0);

  embedder.failures = 0;
  expect(await redriveDeadLetters(ada, ids)).toBe(1);
  await os.idle();
  expect((await cube.stats()).vectors).toBe(1);
  expect(await discardDeadLetters(ada, ids)).toBe(0);
});
