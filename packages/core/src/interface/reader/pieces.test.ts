import { describe, expect, it } from "vitest";

import { callPieces, nestedText, piecesOf } from "./pieces.ts";

describe("piecesOf", () => {
  it.each([
    ["bare", "hello"],
    ["OpenAI, Anthropic, AI SDK, LangChain", { type: "text", text: "hello" }],
    ["OpenAI Responses", { type: "output_text", text: "hello", annotations: [] }],
    ["OpenAI refusal", { type: "refusal", refusal: "hello" }],
    ["ChatGPT voice", { content_type: "audio_transcription", text: "hello" }],
  ])("finds text: %s", (_, part) => {
    expect(piecesOf(part)).toEqual([{ kind: "text", text: "hello" }]);
  });

  it.each([
    [
      "an address",
      { type: "image_url", image_url: { url: "data:image/png;base64,AA" } },
      "[image]",
    ],
    ["a described one", { type: "image", alt: "a red barn" }, "a red barn"],
    ["an AI SDK file", { type: "file", mediaType: "audio/wav", url: "data:x" }, "[audio]"],
    ["a named file", { type: "file", mediaType: "application/pdf", filename: "a.pdf" }, "a.pdf"],
    ["an OpenAI file", { type: "file", file: { filename: "b.pdf", file_data: "AA" } }, "b.pdf"],
    [
      "a ChatGPT drawing",
      { content_type: "image_asset_pointer", metadata: { dalle: { prompt: "a fox" } } },
      "a fox",
    ],
  ])("keeps of media what they show, not their bytes: %s", (_, part, caption) => {
    expect(piecesOf(part)).toEqual([{ kind: "caption", caption }]);
  });

  const call = { kind: "call", id: "c1", name: "find", input: { q: 1 } };
  const result = { kind: "result", id: "c1", name: "find", output: { hits: 2 } };

  it.each([
    ["AI SDK", { type: "tool-call", toolCallId: "c1", toolName: "find", input: { q: 1 } }],
    ["AI SDK 4", { type: "tool-call", toolCallId: "c1", toolName: "find", args: { q: 1 } }],
    ["Anthropic", { type: "tool_use", id: "c1", name: "find", input: { q: 1 } }],
    ["LangChain", { type: "tool_call", id: "c1", name: "find", args: { q: 1 } }],
    ["AI SDK UI, waiting", { type: "tool-find", toolCallId: "c1", input: { q: 1 } }],
  ])("finds a call: %s", (_, part) => {
    expect(piecesOf(part)).toEqual([call]);
  });

  it.each([
    ["json", { type: "json", value: { hits: 2 } }],
    ["bare", { hits: 2 }],
  ])("finds a result, AI SDK: %s", (_, output) => {
    const part = { type: "tool-result", toolCallId: "c1", toolName: "find", output };
    expect(piecesOf(part)).toEqual([result]);
  });

  it("unwraps the other outputs of AI SDK", () => {
    const outputOf = (output: unknown): unknown =>
      piecesOf({ type: "tool-result", toolCallId: "c1", output })?.map((piece) =>
        piece.kind === "result" ? piece.output : undefined,
      );
    expect(outputOf({ type: "error-text", value: "no net" })).toEqual(["no net"]);
    expect(outputOf({ type: "execution-denied" })).toEqual(["denied"]);
    const content = [
      { type: "text", text: "two" },
      { type: "media", data: "AA" },
    ];
    expect(outputOf({ type: "content", value: content })).toEqual(["two"]);
  });

  it.each([
    ["static", { type: "tool-find" }],
    ["dynamic", { type: "dynamic-tool", toolName: "find" }],
  ])("finds call and result in one part of a UI message: %s", (_, head) => {
    const part = { ...head, toolCallId: "c1", state: "output-available", input: { q: 1 } };
    expect(piecesOf({ ...part, output: { hits: 2 } })).toEqual([call, result]);
    const failed = piecesOf({ ...part, state: "output-error", errorText: "no net" });
    expect(failed?.[1]).toEqual({ ...result, output: "no net" });
  });

  it("finds the invocation of AI SDK 4 and Mastra", () => {
    const toolInvocation = {
      toolCallId: "c1",
      toolName: "find",
      args: { q: 1 },
      result: { hits: 2 },
    };
    expect(piecesOf({ type: "tool-invocation", toolInvocation })).toEqual([call, result]);
  });

  it("takes Anthropic's result with nested content", () => {
    const part = { type: "tool_result", tool_use_id: "c1", content: [{ type: "text", text: "x" }] };
    expect(piecesOf(part)).toEqual([{ kind: "result", id: "c1", name: undefined, output: "x" }]);
  });

  it("knows parts that say nothing, and does not know others", () => {
    for (const type of ["reasoning", "step-start", "source-url", "data-weather"]) {
      expect(piecesOf({ type, text: "hidden" })).toEqual([]);
    }
    for (const part of [{ type: "hologram" }, { type: "__proto__" }, {}, null, 7, [[]]]) {
      expect(piecesOf(part)).toBeUndefined();
    }
  });
});

describe("callPieces", () => {
  it("parses arguments, and keeps a model's broken JSON as text", () => {
    const calls = [
      { id: "1", type: "function", function: { name: "f", arguments: '{"a":1}' } },
      { id: "2", type: "function", function: { name: "g", arguments: '{"a":' } },
      { id: "3", type: "custom", custom: { name: "h", input: "raw" } },
      "no call",
    ];
    expect(callPieces(calls)).toEqual([
      { kind: "call", id: "1", name: "f", input: { a: 1 } },
      { kind: "call", id: "2", name: "g", input: '{"a":' },
      { kind: "call", id: "3", name: "h", input: "raw" },
    ]);
    expect(callPieces(undefined)).toEqual([]);
  });
});

describe("nestedText", () => {
  it("joins texts, and is undefined where there is none", () => {
    expect(nestedText("a")).toBe("a");
    expect(nestedText([{ text: "a" }, { image: 1 }, { text: "b" }])).toBe("a\nb");
    expect(nestedText([{ image: 1 }])).toBeUndefined();
    expect(nestedText(7)).toBeUndefined();
  });
});
