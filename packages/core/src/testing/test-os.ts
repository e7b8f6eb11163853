import { createMemOS, type MemOSOptions } from "../create-mem-os.ts";
import { fixedClock, memoryStorage } from "./index.ts";
import type { Embedder } from "../ports/index.ts";

/** 2026-01-05T10:00:00Z */
export const START = Date.UTC(2026, 0, 5, 10);

/** An OS on the reference storage with a clock that tests move. */
export function testOS(options: Partial<MemOSOptions> = {}) {
  const clock = fixedClock(START);
  const storage = options.storage ?? memoryStorage();
  return { os: createMemOS({ clock, ...options, storage }), clock, storage };
}

/** Hashes words into a vector: texts that share words are near each other. */
export function wordEmbedder(dimensions = 64): Embedder & { calls: number; failures: number } {
  return {
    model: "test-words",
    dimensions,
    calls: 0,
    failures: 0,
    async embed(texts) {
      this.calls++;
      if (this.failures > 0) {
        this.failures--;
        throw new Error("the embedder is down");
      }
      await Promise.resolve();
      return texts.map((text) => {
        const vector = new Float32Array(dimensions);
        for (const word of text.toLowerCase().match(/[a-z]+/g) ?? []) {
          let hash = 7;
          for (const char of word) hash = (hash * 31 + char.charCodeAt(0)) >>> 0;
          vector[hash % dimensions] = (vector[hash % dimensions] ?? 0) + 1;
        }
        if (vector.every((value) => value === 0)) vector[0] = 1;
        return vector;
      });
    },
  };
}
