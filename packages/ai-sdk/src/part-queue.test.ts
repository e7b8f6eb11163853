import type { LanguageModelV4StreamPart as Part } from "@ai-sdk/provider";
import { describe, expect, it } from "vitest";

import { PartQueue } from "./part-queue.ts";

const said = (delta: string, id = "1"): Part => ({ type: "text-delta", id, delta });

/** All that waits, in order. */
function drained(queue: PartQueue): Part[] {
  const parts: Part[] = [];
  for (let part = queue.shift(); part !== undefined; part = queue.shift()) parts.push(part);
  return parts;
}

describe("PartQueue", () => {
  it("gives parts back as they came", () => {
    const queue = new PartQueue();
    const parts: Part[] = [{ type: "text-start", id: "1" }, said("a"), said("b"), { type: "ping" }];
    for (const part of parts) queue.push(part);
    expect(queue.length).toBe(4);
    expect(drained(queue)).toEqual(parts);
    expect([queue.length, queue.bytes]).toEqual([0, 0]);
  });

  it("joins pieces of one text where very many wait, and nothing else", () => {
    const queue = new PartQueue();
    for (let count = 0; count < 2_000; count++) queue.push(said(`${count} `));
    const marked: Part = { ...said("!"), providerMetadata: { p: { k: 1 } } } as Part;
    const others: Part[] = [
      said("other", "2"),
      { type: "reasoning-delta", id: "2", delta: "hm" },
      marked,
      said("after"),
      { type: "text-end", id: "1" },
      { type: "text-end", id: "2" },
    ];
    for (const part of others) queue.push(part);
    expect(queue.length).toBeLessThan(1_040);
    const parts = drained(queue);
    expect(parts.slice(-others.length)).toEqual(others);
    const text = parts.slice(0, -others.length).map((part) => "delta" in part && part.delta);
    expect(text.join("")).toBe(Array.from({ length: 2_000 }, (_, count) => `${count} `).join(""));
    expect(queue.bytes).toBe(0);
  });

  it("counts what parts take", () => {
    const queue = new PartQueue();
    queue.push(said("x".repeat(1_000)));
    expect(queue.bytes).toBeGreaterThan(2_000);
    queue.push({ type: "file", mediaType: "a/b", data: { type: "data", data: "y".repeat(5_000) } });
    expect(queue.bytes).toBeGreaterThan(7_000);
    queue.clear();
    expect([queue.length, queue.bytes]).toEqual([0, 0]);
  });
});
