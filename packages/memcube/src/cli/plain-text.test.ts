import { describe, expect, it } from "vitest";

import { oneLine, plainText, safeJson } from "./plain-text.ts";

describe("plainText", () => {
  it.each([
    ["colour", "\u001b[31mred\u001b[0m", "red"],
    ["a window title", "\u001b]0;owned\u0007text", "text"],
    ["a link", "\u001b]8;;http://x.invalid\u0007click\u001b]8;;\u0007", "click"],
    ["eight-bit control sequences", "\u009b31mred", "red"],
    ["a lone escape", "a\u001bb", "ab"],
    ["going back", "safe\b\b\b\bevil\u007f", "safeevil"],
    ["a return", "safe\revil", "safe\nevil"],
    ["null and bell", "a\u0000b\u0007c", "abc"],
    ["writing that turns round", "a\u202egpj.exe\u2066b\u2069", "agpj.exeb"],
    ["unseen line breaks", "a\u2028b\u0085c", "a\nb\nc"],
    ["tabs", "a\tb", "a  b"],
  ])("takes out %s", (_what, text, safe) => {
    expect(plainText(text)).toBe(safe);
  });

  it("leaves every script, emoji and line feeds alone", () => {
    const text = "Zoë 東京 مرحبا 👩‍👩‍👧\nsecond line";
    expect(plainText(text)).toBe(text);
  });

  it("leaves no control character of any text of 65,536 code units", () => {
    const every = Array.from({ length: 65_536 }, (_, code) => String.fromCharCode(code)).join("x");
    expect(plainText(every)).not.toMatch(/(?!\n)\p{Cc}/u);
  });
});

describe("oneLine", () => {
  it("joins lines and spaces", () => {
    expect(oneLine("  a\r\n\tb  c\n")).toBe("a b c");
  });
});

describe("safeJson", () => {
  it("writes no control character and says the same", () => {
    const value = { text: "\u001b[31m \u009b \u0085 \u202e \u2028 \u007f é", n: [1, undefined] };
    const json = safeJson(value);
    expect(json).not.toMatch(/\p{Cc}|[\u2028-\u202e]/u);
    expect(JSON.parse(json)).toEqual({ ...value, n: [1, null] });
  });
});
