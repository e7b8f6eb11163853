import { deflateRawSync, inflateRawSync } from "node:zlib";

import fc from "fast-check";
import { expect, test } from "vitest";

import { DICTIONARY } from "./dictionary.ts";
import { FixedDeflate } from "./fixed-deflate.ts";

const MAX = 600;
const fixed = new FixedDeflate(DICTIONARY, MAX);
const inflated = (bytes: Uint8Array): Buffer => inflateRawSync(bytes, { dictionary: DICTIONARY });

/** Bytes with much, little and nothing that is there twice. */
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: MAX }),
  fc.uint8Array({ maxLength: MAX, max: 2 }),
  fc
    .tuple(fc.uint8Array({ minLength: 1, maxLength: 9 }), fc.nat(60))
    .map(([part, times]) => Buffer.concat(Array.from({ length: times }, () => part))),
  fc
    .tuple(fc.nat(DICTIONARY.length), fc.nat(MAX), fc.uint8Array({ maxLength: 5 }))
    .map(([from, length, more]) =>
      Buffer.concat([DICTIONARY.subarray(from, from + Math.max(0, length - more.length)), more]),
    ),
);

test("zlib reads what is deflated, whatever was deflated before", () => {
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 4 }), (all) => {
      const deflated = all.map((one) => fixed.deflate(one));
      expect(deflated.map((one) => [...inflated(one)])).toEqual(all.map((one) => [...one]));
    }),
    { numRuns: 1_000 },
  );
});

test("every length and distance of a match is written right", () => {
  for (let length = 3; length <= 300; length += 1) {
    const text = `${"x".repeat(length)}${String(length).repeat(3)}${"x".repeat(length)}`;
    const given = Buffer.from(text.slice(0, MAX));
    expect(inflated(fixed.deflate(given))).toEqual(given);
  }
  for (let at = 0; at + 20 <= DICTIONARY.length; at += 1) {
    const given = DICTIONARY.slice(at, at + 20);
    const deflated = fixed.deflate(given);
    expect([...inflated(deflated)]).toEqual([...given]);
    expect(deflated.length).toBeLessThan(10);
  }
});

test("a record takes no more bytes than zlib makes of it", () => {
  const record = Buffer.from(
    '{"head":{"v":4,"ts":"","versions":{"__start__":179,"messages":180,"branch:to:model":180},' +
      '"seen":{"__input__":{},"__start__":{"__start__":178},"model":{"branch:to:model":179}},' +
      '"meta":{"source":"loop","step":178,"parents":{}}},"values":{"messages":[180,["~l"]]}}',
  );
  const options = { dictionary: DICTIONARY, windowBits: 12, memLevel: 5 };
  expect(fixed.deflate(record).length).toBeLessThanOrEqual(deflateRawSync(record, options).length);
});

test("more bytes than it was made for are refused", () => {
  expect(() => fixed.deflate(new Uint8Array(MAX + 1))).toThrow(RangeError);
});
