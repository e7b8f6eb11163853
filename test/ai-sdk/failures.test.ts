import { subscribe, unsubscribe } from "node:diagnostics_channel";

import { generateText, streamText } from "ai";
import { convertArrayToReadableStream } from "ai/test";
import { describe, expect, it } from "vitest";

import { emptyOS, eventually, remembering, turnsOf } from "./remembered.ts";
import { says, streamed } from "./scripted-model.ts";

describe("failures of memory", () => {
  it("leave the call as it would be", async () => {
    const os = emptyOS();
    await os.close();
    const errors: [string, unknown][] = [];
    const { model, base } = remembering(
      {
        doGenerate: says("hello"),
        doStream: { stream: convertArrayToReadableStream(streamed(["hi"])) },
      },
      { os, onError: (error, part) => errors.push([part, error]) },
    );
    const result = await generateText({ model, prompt: "hi" });
    expect(result.text).toBe("hello");
    expect(result.finalStep.providerMetadata).toBeUndefined();
    expect(await streamText({ model, prompt: "hi" }).text).toBe("hi");
    expect(base.doGenerateCalls[0]?.prompt).toHaveLength(1);
    expect(errors.map(([part]) => part)).toEqual(["recall", "save", "recall", "save"]);
    expect(errors[0]?.[1]).toMatchObject({ code: "MEMCUBE_CLOSED" });
  });

  it("include a listener that throws, a waitUntil out of place and a scope that is refused", async () => {
    const parts: string[] = [];
    const { model, os } = remembering(
      { doGenerate: says("hello") },
      {
        scope: ({ headers }) => {
          if (headers?.["x-user"] === undefined) throw new Error("who?");
          return { caller: { userId: headers["x-user"] } };
        },
        waitUntil: () => {
          throw new Error("outside of a request");
        },
        onError: (_, part) => {
          parts.push(part);
          throw new Error("listener");
        },
      },
    );
    expect((await generateText({ model, prompt: "hi" })).text).toBe("hello");
    expect((await generateText({ model, prompt: "hi", headers: { "x-user": "ada" } })).text).toBe(
      "hello",
    );
    expect(parts).toEqual(["scope", "wait-until"]);
    expect(await turnsOf(os, "ada")).toHaveLength(2);
  });

  it("include a listener whose promise rejects", async () => {
    const os = emptyOS();
    await os.close();
    const told: unknown[] = [];
    const listen = (event: unknown) => void told.push(event);
    subscribe("memcube:ai-sdk:error", listen);
    const onError = async () => await Promise.reject(new Error("listener"));
    const { model } = remembering(
      { doGenerate: says("hello") },
      { os, onError: onError as unknown as () => void },
    );
    expect((await generateText({ model, prompt: "hi" })).text).toBe("hello");
    unsubscribe("memcube:ai-sdk:error", listen);
    expect(told).toContainEqual({ part: "recall", error: new Error("listener") });
  });

  it("include ids that are none: they are nobody's memory", async () => {
    const parts: string[] = [];
    const { model, os, base } = remembering(
      { doGenerate: says("hello") },
      { onError: (_, part) => parts.push(part) },
    );
    for (const memcube of [
      { userId: "" },
      { user: "ada" },
      { userId: "a", sessionId: "x".repeat(900) },
    ]) {
      const providerOptions = { memcube, other: { a: 1 } };
      expect((await generateText({ model, prompt: "hi", providerOptions })).text).toBe("hello");
    }
    expect(parts).toEqual(["scope", "scope", "scope"]);
    expect(base.doGenerateCalls[0]?.providerOptions).toEqual({ other: { a: 1 } });
    for (const userId of ["local", "ada", "a"]) expect(await turnsOf(os, userId)).toEqual([]);
  });

  it("include a tool call that is too long to keep; the rest is kept", async () => {
    const errors: unknown[] = [];
    const input = JSON.stringify({ text: "x".repeat(1_200_000) });
    const toolCall = { type: "tool-call" as const, toolCallId: "1", toolName: "draw", input };
    const content = [
      { ...toolCall, providerExecuted: true },
      { type: "text" as const, text: "Drawn." },
    ];
    const { model, os } = remembering(
      { doGenerate: says("", { content }) },
      { keepTools: true, onError: (...error) => errors.push(error) },
    );
    await generateText({ model, prompt: "Draw a cat." });
    expect(errors).toEqual([[expect.objectContaining({ code: "MEMCUBE_INVALID_INPUT" }), "save"]]);
    expect(await turnsOf(os)).toContain("user: Draw a cat.");
  });

  it("include memory that takes too long", async () => {
    const os = emptyOS();
    const never = new Promise<never>(() => undefined);
    const slow = {
      ...os,
      as: () => ({ ...os.as({ userId: "x" }), prepare: () => never, absorb: () => never }),
    };
    const errors: unknown[] = [];
    const { model } = remembering(
      {
        doGenerate: says("hello"),
        doStream: { stream: convertArrayToReadableStream(streamed(["hi"])) },
      },
      {
        os: slow,
        recallTimeoutMs: 20,
        saveTimeoutMs: 20,
        onError: (error) => errors.push(error),
      },
    );
    expect((await generateText({ model, prompt: "hi" })).text).toBe("hello");
    expect(await streamText({ model, prompt: "hi" }).text).toBe("hi");
    expect(errors[0]).toMatchObject({ name: "TimeoutError" });
  });
});

describe("an abort", () => {
  it("is no failure of memory", async () => {
    const errors: unknown[] = [];
    const { model } = remembering(
      { doGenerate: says("hi") },
      { onError: (error) => errors.push(error) },
    );
    const abortSignal = AbortSignal.abort(new Error("stop"));
    const prompt = [{ role: "user" as const, content: [{ type: "text" as const, text: "hi" }] }];
    await model.doGenerate({ prompt, abortSignal });
    expect(errors).toEqual([]);
  });
});

describe("the end of an answer", () => {
  const later = (ms: number) => {
    const os = emptyOS();
    let kept = false;
    const slow = {
      ...os,
      as: (caller: Parameters<typeof os.as>[0]) => {
        const session = os.as(caller);
        return {
          ...session,
          absorb: async (input: Parameters<typeof session.absorb>[0]) => {
            await new Promise((resolve) => setTimeout(resolve, ms));
            const result = await session.absorb(input);
            kept = true;
            return result;
          },
        };
      },
    };
    return { os: slow, kept: () => kept };
  };
  const given = () => ({ stream: convertArrayToReadableStream(streamed(["hi"])) });

  it("waits until it is kept; its words do not", async () => {
    const { os, kept } = later(50);
    const { model } = remembering({ doStream: given(), doGenerate: says("hi") }, { os });
    for await (const _ of streamText({ model, prompt: "one" }).textStream)
      expect(kept()).toBe(false);
    expect(kept()).toBe(true);
    const next = later(50);
    const other = remembering({ doGenerate: says("hi") }, { os: next.os });
    await generateText({ model: other.model, prompt: "two" });
    expect(next.kept()).toBe(true);
  });

  it("is at once where the model just stops: the SDK counts the time until then as the model's", async () => {
    const { os, kept } = later(80);
    const stream = convertArrayToReadableStream(streamed(["hi"]).slice(0, -1));
    const { model } = remembering({ doStream: { stream } }, { os });
    const parts: string[] = [];
    for await (const part of streamText({ model, prompt: "one", timeout: { chunkMs: 30 } }).stream)
      parts.push(part.type);
    expect(kept()).toBe(false);
    expect(parts).not.toContain("abort");
    await eventually(kept, (done) => done);
    expect(kept()).toBe(true);
  });

  it("does not wait longer than saveTimeoutMs; the next request of this process does", async () => {
    const { os, kept } = later(80);
    const { model, base } = remembering(
      { doStream: [given(), given()] },
      { os, saveTimeoutMs: 10 },
    );
    await streamText({ model, prompt: "My code is 4711" }).text;
    expect(kept()).toBe(false);
    await streamText({ model, prompt: "What is my code?" }).text;
    expect(JSON.stringify(base.doStreamCalls[1]?.prompt)).toContain("4711");
  });
});

describe("waitUntil", () => {
  it("is called within the request and lasts until the answer is kept", async () => {
    const waited: Promise<unknown>[] = [];
    const { model, os } = remembering(
      {
        doGenerate: says("hello"),
        doStream: async () => {
          await Promise.resolve();
          expect(waited).toHaveLength(2);
          return { stream: convertArrayToReadableStream(streamed(["hi ", "there"])) };
        },
      },
      { waitUntil: (promise) => waited.push(promise), saveTimeoutMs: 0 },
    );
    await generateText({ model, prompt: "one" });
    await waited[0];
    expect(await turnsOf(os)).toHaveLength(2);
    // Never read: the answer is finished and kept all the same.
    streamText({ model, prompt: "two" });
    await eventually(
      () => waited.length,
      (length) => length === 2,
    );
    await waited[1];
    expect(await turnsOf(os)).toHaveLength(4);
  });

  it("ends when the model fails", async () => {
    const waited: Promise<unknown>[] = [];
    const fails = async (): Promise<never> => {
      await Promise.resolve();
      throw new Error("no");
    };
    const { model } = remembering(
      { doGenerate: fails, doStream: fails },
      { waitUntil: (promise) => waited.push(promise) },
    );
    await generateText({ model, prompt: "hi", maxRetries: 0 }).catch(() => undefined);
    const result = streamText({ model, prompt: "hi", maxRetries: 0, onError: () => undefined });
    await result.consumeStream({ onError: () => undefined });
    expect(await Promise.all(waited)).toEqual([undefined, undefined]);
  });
});
