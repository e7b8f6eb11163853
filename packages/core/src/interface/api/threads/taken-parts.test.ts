import fc from "fast-check";
import { expect, test } from "vitest";

import { packText, unpackText } from "./packed-text.ts";
import { takeParts } from "./taken-parts.ts";

const TIME = "2026-11-20T12:00:00.000Z";
const UUID = "1f0c5a2e-9d1b-4c3a-8f00-0123456789ab";

const piece = fc.oneof(
  fc.constantFrom(TIME, UUID, UUID.toUpperCase(), "-", "T", "2026-02-30T12:00:00.000Z", "\0", "é"),
  fc.nat(UUID.length).map((length) => UUID.slice(0, length)),
  fc.nat(TIME.length).map((length) => TIME.slice(length)),
  fc.string({ maxLength: 12 }),
);

test("a text is unpacked as it was, whatever in it looks like a part", () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      const text = pieces.join("");
      expect(unpackText(packText(text))).toBe(text);
    }),
    { numRuns: 2_000 },
  );
});

test("UUIDs and times are taken out, one after the other, too", () => {
  const { uuids, times, rest } = takeParts(`${UUID}${TIME}-${TIME} ${UUID}${UUID}.`);
  expect([uuids.length, times.length, rest]).toEqual([3, 2, "\0\u0001-\u0001 \0\0."]);
  expect(
    packText(JSON.stringify({ id: UUID, at: TIME, words: "x".repeat(40) })).length,
  ).toBeLessThan(50);
});

test("what can't be written again as it was stays", () => {
  for (const text of [
    UUID.toUpperCase(),
    "2026-02-30T12:00:00.000Z",
    TIME.slice(1),
    UUID.slice(1),
  ]) {
    expect(takeParts(text)).toEqual({ uuids: [], times: [], rest: text });
  }
});
