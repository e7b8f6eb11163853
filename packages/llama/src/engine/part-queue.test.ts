import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";

import { partsOf } from "./part-queue.ts";

async function read(parts: AsyncIterable<number>): Promise<number[]> {
  const seen: number[] = [];
  for await (const part of parts) seen.push(part);
  return seen;
}

describe("parts of a producer", () => {
  it("come in order, whether they wait for the reader or the reader for them", async () => {
    const parts = partsOf<number>(async (emit) => {
      emit(1);
      emit(2);
      await setImmediate();
      await setImmediate();
      emit(3);
    }, expect.unreachable);
    expect(await read(parts)).toEqual([1, 2, 3]);
  });

  it("come before the failure of the producer", async () => {
    const seen: number[] = [];
    const reading = (async () => {
      const parts = partsOf<number>(async (emit) => {
        emit(1);
        await setImmediate();
        throw new Error("broken");
      }, expect.unreachable);
      for await (const part of parts) seen.push(part);
    })();
    await expect(reading).rejects.toThrow("broken");
    expect(seen).toEqual([1]);
  });

  it("end when the reader leaves, and the producer is told", async () => {
    const leaving = new AbortController();
    let ended = false;
    const parts = partsOf<number>(
      async (emit) => {
        while (!leaving.signal.aborted) {
          emit(1);
          await setImmediate();
        }
        ended = true;
        throw new Error("aborted, which nobody waits for");
      },
      () => leaving.abort(),
    );
    for await (const part of parts) {
      expect(part).toBe(1);
      break;
    }
    await setImmediate();
    await setImmediate();
    expect(ended).toBe(true);
  });

  it("are not produced before they are asked for", async () => {
    let began = false;
    const parts = partsOf<number>(() => {
      began = true;
      return Promise.resolve();
    }, expect.unreachable);
    await setImmediate();
    expect(began).toBe(false);
    expect(await read(parts)).toEqual([]);
  });
});
