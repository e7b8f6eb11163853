import { afterEach, expect, test } from "vitest";

import type { NewTask } from "../../flow/index.ts";
import { fixedClock, memoryStorage } from "../../testing/index.ts";
import { TaskWorker } from "./worker.ts";

const workers: TaskWorker[] = [];
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.close(0);
});

async function start(count: number) {
  const storage = memoryStorage();
  const clock = fixedClock();
  const worker = new TaskWorker(storage.queue, clock, "w");
  workers.push(worker);
  const tasks = Array.from({ length: count }, (_, i): NewTask => ({
    key: `k${i}`,
    tenantId: "t",
    cubeId: "c",
    type: "x",
    payload: { i },
  }));
  await storage.queue.enqueue(tasks, clock.now());
  return { storage, clock, worker };
}

test("every task runs once, some at a time", async () => {
  const { worker, storage } = await start(20);
  const ran: string[] = [];
  let running = 0;
  let most = 0;
  worker.handle("x", async ({ key }) => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 2));
    ran.push(key);
    running--;
  });
  await worker.idle();
  expect(new Set(ran).size).toBe(20);
  expect(ran).toHaveLength(20);
  expect(most).toBe(4);
  expect(await storage.queue.stats()).toEqual({ waiting: 0, leased: 0, dead: 0 });
});

test("closing waits no longer than its grace for a handler that does not listen", async () => {
  const { worker, storage } = await start(10);
  worker.handle("x", async () => await new Promise(() => undefined));
  worker.start();
  await new Promise((resolve) => setTimeout(resolve, 10));
  const idle = worker.idle();
  const started = performance.now();
  await worker.close(30);
  await idle;
  expect(performance.now() - started).toBeLessThan(1_000);
  // Those that no slot was free for were never leased: they have all their attempts.
  expect(await storage.queue.stats()).toEqual({ waiting: 6, leased: 4, dead: 0 });
});

test("a handler that stops when told gives its task back at once", async () => {
  const { worker, storage, clock } = await start(1);
  worker.handle("x", async (_, signal) => {
    const told = Promise.withResolvers<void>();
    signal.addEventListener("abort", () => told.resolve());
    await told.promise;
    signal.throwIfAborted();
  });
  worker.start();
  await new Promise((resolve) => setTimeout(resolve, 10));
  await worker.close();
  const lease = { types: ["x"], limit: 1, now: clock.now(), leaseMs: 1_000, worker: "other" };
  expect(await storage.queue.lease(lease)).toHaveLength(1);
});

test("a slow task does not hold up the others", async () => {
  const { worker } = await start(5);
  const slow = Promise.withResolvers<void>();
  const ran: string[] = [];
  worker.handle("x", async ({ key }) => {
    if (key === "k0") await slow.promise;
    ran.push(key);
  });
  worker.start();
  while (ran.length < 4) await worker.nextEnd(1_000);
  expect(ran).not.toContain("k0");
  slow.resolve();
  await worker.idle();
  expect(ran).toContain("k0");
});
