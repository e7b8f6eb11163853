import { describe, expect, it } from "vitest";

import type { FileParser } from "../../ports/file-parser.ts";
import { readFile, type ReadFileOptions } from "./index.ts";

const options: ReadFileOptions = { now: Date.UTC(2026, 0, 1), newId: () => "made" };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const messages = '[{"role":"user","content":"a"}]';

describe("readFile", () => {
  it.each([
    ["chat.json", undefined, messages, "chat"],
    ["chat.JSONL", undefined, '{"role":"user","content":"a"}', "jsonl"],
    [undefined, "application/json; charset=utf-8", messages, "chat"],
    ["notes.md", undefined, "# Notes\n\nb", "document"],
    ["notes.txt", "application/octet-stream", "b", "document"],
    [undefined, "text/plain", "\uFEFFb", "document"],
  ])("chooses by extension, then media type: %s %s", async (name, mediaType, text, format) => {
    const result = await readFile(bytes(text), { name, mediaType }, options);
    expect(result).toMatchObject({ format, rejected: [] });
    expect(result.candidates).toHaveLength(1);
  });

  it("names file and title in Markdown's chunks", async () => {
    const file = { name: "notes.md" };
    const { candidates } = await readFile(bytes("Intro\n\n# The Notes\n\nb"), file, options);
    expect(candidates[0]).toMatchObject({
      payload: { title: "The Notes", uri: "notes.md", mediaType: "text/markdown" },
      sources: [{ kind: "file", id: "notes.md", start: 0 }],
      externalKey: "notes.md#part=0",
    });
  });

  it("keeps JSON of no known shape as one JSON memory", async () => {
    const { candidates } = await readFile(bytes('[{"a":1},{"b":2}]'), { name: "x.json" }, options);
    expect(candidates).toMatchObject([{ payload: { type: "json", value: [{ a: 1 }, { b: 2 }] } }]);
  });

  it("reads UTF-16 with its mark", async () => {
    const utf16 = new Uint8Array([0xff, 0xfe, 0x68, 0, 0x69, 0]);
    const { candidates } = await readFile(utf16, { name: "x.txt" }, options);
    expect(candidates).toMatchObject([{ payload: { text: "hi" } }]);
  });

  it.each([
    ["damaged JSON", "x.json", bytes('{"a":'), "bad-json"],
    ["bytes that are not UTF-8", "x.txt", new Uint8Array([0x61, 0xff, 0xfe, 0x80]), "bad-encoding"],
    ["an unknown kind", "x.xyz", bytes("a"), "unsupported-file"],
    ["nothing to go by", undefined, bytes("a"), "unsupported-file"],
    ["an empty file", "x.md", bytes(""), "empty"],
  ])("reports %s", async (_, name, data, code) => {
    const { candidates, rejected } = await readFile(data, { name }, options);
    expect(candidates).toEqual([]);
    expect(rejected).toMatchObject([{ position: "input", code }]);
  });

  it("hands other files to a parser, and reports its failure", async () => {
    const parser = (parse: FileParser["parse"]): FileParser => ({
      mediaTypes: ["text/html"],
      extensions: [".html"],
      parse,
    });
    const html = parser((_, { name }) => Promise.resolve({ text: "page", uri: name }));
    const broken = parser(() => Promise.reject(new RangeError("secret text of the file")));
    const data = bytes("<p>page");
    const read = (use: FileParser) =>
      readFile(data, { name: "a.html" }, { ...options, parsers: [use] });
    expect((await read(html)).candidates).toMatchObject([
      { payload: { text: "page", uri: "a.html" } },
    ]);
    expect((await read(broken)).rejected).toEqual([
      { position: "input", code: "parser-failed", message: "the file's parser failed: RangeError" },
    ]);
  });

  it("throws TypeError for misuse", async () => {
    await expect(readFile("text" as never, {}, options)).rejects.toThrow(TypeError);
    await expect(readFile(bytes("a"), { name: "a.txt" }, {} as never)).rejects.toThrow(TypeError);
  });
});
