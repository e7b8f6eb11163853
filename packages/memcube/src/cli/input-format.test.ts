import { describe, expect, it } from "vitest";

import { formatOf, isExport } from "./input-format.ts";

describe("formatOf", () => {
  it.each([
    ["notes.md", "", "markdown"],
    ["chat.JSON", "", "json"],
    ["lines.ndjson", "", "jsonl"],
    ["lines.jsonl", "", "jsonl"],
    ["a.txt", "{}", "text"],
    [undefined, '[{"role":"user","content":"hi"}]', "json"],
    [undefined, '{\n  "a": 1\n}', "json"],
    [undefined, '{"a":1}\n{"b":2}\n', "jsonl"],
    [undefined, "{ not json", "text"],
    [undefined, "plain", "text"],
    ["unknown.log", "plain", "text"],
    [undefined, "", "text"],
  ])("of %j with %j is %s", (name, text, format) => {
    expect(formatOf(name, text)).toBe(format);
  });
});

describe("isExport", () => {
  it("tells an export from other JSON lines", () => {
    expect(isExport('\n{"memcube":1,"header":{},"payload":{},"edges":[]}\n')).toBe(true);
    expect(isExport('{"role":"user","content":"memcube payload"}')).toBe(false);
    expect(isExport("[1]")).toBe(false);
    expect(isExport('{"memcube":1')).toBe(false);
    expect(isExport("")).toBe(false);
  });
});
