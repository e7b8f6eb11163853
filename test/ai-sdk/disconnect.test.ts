/**
 * A client that leaves loses nothing: however a reader of 3,000 pieces goes away, the whole answer is
 * kept. Without a reader the SDK neither reads the model's stream on nor cancels it.
 */
import { streamText, wrapLanguageModel } from "ai";
import { MockLanguageModelV4 } from "ai/test";
import { memcubeMiddleware } from "@memcube/ai-sdk";
import { describe, expect, it } from "vitest";

import { DISCONNECT_MODES } from "./disconnect-modes.ts";
import { emptyOS, eventually, turnsOf } from "./remembered.ts";
import { pulledSource, streamed } from "./scripted-model.ts";

const PIECES = 3_000;
const deltas = Array.from({ length: PIECES }, (_, index) => `${index} `);

const nextTurn = async () => await new Promise<void>((resolve) => setImmediate(resolve));

function answering(pause: () => Promise<void>, onCancel?: "stop" | "finish") {
  const os = emptyOS();
  const { stream, seen } = pulledSource(streamed(deltas), pause);
  const model = wrapLanguageModel({
    model: new MockLanguageModelV4({ doStream: { stream } }),
    middleware: memcubeMiddleware({ os, ...(onCancel && { onCancel }) }),
  });
  return { os, seen, model };
}

describe("all pieces are kept when", () => {
  it.each(Object.entries(DISCONNECT_MODES))("%s", async (_, go) => {
    const { os, seen, model } = answering(nextTurn);
    await go(streamText({ model, prompt: "count" }));
    const turns = await eventually(
      async () => await turnsOf(os),
      (all) => all.length > 0,
    );
    expect(turns).toHaveLength(2);
    expect(turns[1] === `assistant: ${deltas.join("")}`).toBe(true);
    expect(seen.pulled).toBeGreaterThanOrEqual(PIECES + 4);
    expect(seen.cancelled).toEqual([]);
  });
});

describe("a reader that cancels the model's own stream", () => {
  it("stops the model; what was said is kept", async () => {
    const { os, seen, model } = answering(nextTurn);
    const reader = (await model.doStream({ prompt: asked })).stream.getReader();
    for (let part = 0; part < 12; part++) await reader.read();
    await reader.cancel("enough");
    expect(seen.cancelled).toEqual(["enough"]);
    const turns = await eventually(
      async () => await turnsOf(os),
      (all) => all.length > 0,
    );
    expect(turns).toEqual(["user: count", `assistant: ${deltas.slice(0, 10).join("")}`]);
  });

  it("after an error has no use for what there was", async () => {
    const os = emptyOS();
    const stream = new ReadableStream({
      start(controller) {
        for (const part of streamed(["Hel"]).slice(0, 3)) controller.enqueue(part);
        controller.enqueue({ type: "error", error: new Error("no") });
      },
    });
    const model = wrapLanguageModel({
      model: new MockLanguageModelV4({ doStream: { stream } }),
      middleware: memcubeMiddleware({ os }),
    });
    const reader = (await model.doStream({ prompt: asked })).stream.getReader();
    for (let part = 0; part < 4; part++) await reader.read();
    await reader.cancel();
    // Longer than a broken answer waits for the same question to be asked again.
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(await turnsOf(os)).toEqual([]);
  });

  it("lets it come to its end with onCancel finish", async () => {
    const { os, seen, model } = answering(nextTurn, "finish");
    const reader = (await model.doStream({ prompt: asked })).stream.getReader();
    await reader.read();
    await reader.cancel("enough");
    const turns = await eventually(
      async () => await turnsOf(os),
      (all) => all.length > 0,
    );
    expect(turns[1]).toHaveLength("assistant: ".length + deltas.join("").length);
    expect(seen.cancelled).toEqual([]);
  });
});

const asked = [{ role: "user" as const, content: [{ type: "text" as const, text: "count" }] }];

describe("a slow reader", () => {
  it("gets every piece in the end, also after it paused", async () => {
    const { os, model } = answering(async () => await Promise.resolve());
    const { stream } = await model.doStream({ prompt: asked });
    const reader = stream.getReader();
    let heard = "";
    for (let parts = 0; ; parts++) {
      const { done, value } = await reader.read();
      if (done) break;
      if (value.type === "text-delta") heard += value.delta;
      // Long enough for the answer to be read ahead.
      if (parts === 5)
        await eventually(
          async () => await turnsOf(os),
          (all) => all.length > 0,
        );
    }
    expect(heard).toBe(deltas.join(""));
    expect(await turnsOf(os)).toHaveLength(2);
  });

  it("keeps a very long answer whole, in parts", async () => {
    const os = emptyOS();
    const { stream } = pulledSource(streamed(Array.from({ length: 30 }, () => "x".repeat(50_000))));
    const model = wrapLanguageModel({
      model: new MockLanguageModelV4({ doStream: { stream } }),
      middleware: memcubeMiddleware({ os }),
    });
    expect((await streamText({ model, prompt: "go" }).text).length).toBe(1_500_000);
    const [, ...parts] = await turnsOf(os);
    const kept = parts.map((part) => part.replace("assistant: ", ""));
    expect(kept.join("") === "x".repeat(1_500_000)).toBe(true);
    expect(kept.length).toBeGreaterThan(1);
  });

  it("keeps its own pace while it reads", async () => {
    const { seen, model } = answering(async () => await Promise.resolve());
    const reader = (await model.doStream({ prompt: asked })).stream.getReader();
    for (let parts = 1; parts <= 20; parts++) {
      await reader.read();
      await nextTurn();
      // One is read ahead by the source's own queue.
      expect(seen.pulled).toBeLessThanOrEqual(parts + 1);
    }
    await reader.cancel();
  });

  it("bounds what waits for it: the model waits, too", async () => {
    const os = emptyOS();
    let pulled = 0;
    const source = new ReadableStream({
      pull(controller) {
        pulled += 1;
        controller.enqueue({ type: "raw", rawValue: "x" });
      },
    });
    const model = wrapLanguageModel({
      model: new MockLanguageModelV4({ doStream: { stream: source } }),
      middleware: memcubeMiddleware({ os }),
    });
    const reader = (await model.doStream({ prompt: asked })).stream.getReader();
    await reader.read();
    const before = await eventually(
      () => pulled,
      (count) => count > 8_000,
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    // 8 MiB of parts that count for 1 KiB each.
    expect(pulled).toBeGreaterThanOrEqual(before);
    expect(pulled).toBeLessThan(8_300);
    for (let parts = 0; parts < 4_000; parts++) await reader.read();
    await eventually(
      () => pulled,
      (count) => count > 12_000,
    );
    expect(pulled).toBeGreaterThan(12_000);
    await reader.cancel();
  });
});
