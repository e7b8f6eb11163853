import { stripVTControlCharacters } from "node:util";

/**
 * Controls (C0 but tab and line feed, DEL, C1), and the characters that turn the direction of
 * writing or break lines unseen: what a stored text could use to drive or deceive a terminal.
 */
const CONTROLS = /(?![\n\t])\p{Cc}|[\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
const LINE_BREAKS = /\r\n?|[\u0085\u2028\u2029]/gu;
/** What JSON leaves as it is inside strings although a terminal may act upon it. */
const UNESCAPED = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** Text of any origin, safe to print: no control character but line feeds; tabs become spaces. */
export function plainText(text: string): string {
  return stripVTControlCharacters(text.replace(LINE_BREAKS, "\n"))
    .replaceAll("\t", "  ")
    .replace(CONTROLS, "");
}

/** Formats of `styleText`: colour and weight, nothing that moves or writes. */
// oxlint-disable-next-line no-control-regex -- they begin with one
const FORMATS = /(\u001b\[[\d;]*m)/u;

/**
 * A line that is about to be printed, whatever it was put together from: only our own formats pass.
 */
export function printable(line: string): string {
  return line
    .split(FORMATS)
    .map((part, index) => (index % 2 === 1 ? part : part.replace(CONTROLS, "")))
    .join("");
}

/** {@link plainText} on one line. */
export function oneLine(text: string): string {
  return plainText(text).replace(/\s+/gu, " ").trim();
}

/** JSON on one line that says the same everywhere and can't drive a terminal either. */
export function safeJson(value: unknown): string {
  const escape = (character: string) =>
    `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(value).replace(UNESCAPED, escape);
}
