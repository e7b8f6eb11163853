import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { expect, test } from "vitest";

import { SideWork } from "./side-work.ts";
import { UseCounts } from "./use-counts.ts";

test("works run one after the other; one that fails is told of and stops nothing", async () => {
  const work = new SideWork();
  const done: string[] = [];
  const errors: unknown[] = [];
  const listen = (event: unknown) => void errors.push(event);
  subscribe("memcube:error", listen);
  const gate = Promise.withResolvers<void>();
  work.run("first", async () => {
    await gate.promise;
    done.push("first");
  });
  const failure = new Error("no");
  work.run("second", async () => {
    await Promise.resolve();
    throw failure;
  });
  work.run("third", async () => {
    await Promise.resolve();
    done.push("third");
  });
  expect(done).toEqual([]);
  gate.resolve();
  await work.idle();
  unsubscribe("memcube:error", listen);
  expect(done).toEqual(["first", "third"]);
  expect(errors).toEqual([{ where: "second", error: failure }]);
});

test("what is too much is dropped, and closing ends what is under way and drops what waits", async () => {
  const work = new SideWork();
  let begun = 0;
  let aborted = false;
  const until = async (signal: AbortSignal) => {
    begun++;
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    aborted = true;
  };
  for (let at = 0; at < 100; at++) work.run("work", until);
  await Promise.resolve();
  await work.close(1);
  expect({ begun, aborted }).toEqual({ begun: 1, aborted: true });
  work.run("late", until);
  await work.idle();
  expect(begun).toBe(1);
});

test("closing waits for what was begun", async () => {
  const work = new SideWork();
  let done = false;
  work.run("work", async (signal) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    done = !signal.aborted;
  });
  await work.close();
  expect(done).toBe(true);
});

test("uses are counted until they are enough, and tried again after a hundred more", () => {
  const uses = new UseCounts();
  const add = (key: string, enough = 3) => uses.add(key, enough);
  const found = ["a", "a", "b", "a", "a", "b", "b"].map((key) => add(key));
  expect(found).toEqual([false, false, false, true, false, false, true]);
  const more = Array.from({ length: 199 }, () => add("a"));
  expect(more.flatMap((isEnough, at) => (isEnough ? [at] : []))).toEqual([98, 198]);
  const rare = Array.from({ length: 1_000 }, () => add("c", 500));
  expect(rare.flatMap((isEnough, at) => (isEnough ? [at] : []))).toEqual([499, 999]);
  for (let at = 0; at < 5_000; at++) add(`other ${at}`);
  expect(["a", "a"].map((key) => add(key))).toEqual([false, false]);
});
