import { describe, expect, test } from "vitest";

import { bufferSource, parseState, STATE_MAGIC, type StateDefect } from "./state-file.ts";
import { sizeOf, stateChunks, type StateRows } from "./state-chunks.ts";

const COUNT = 3;
const LAYERS = 2;
const rows: StateRows = {
  tokens: Int32Array.from([7, -1, 300_000]),
  layers: [
    { keyType: 1, keyRowBytes: 4, valueType: 1, valueRowBytes: 6 },
    { keyType: 1, keyRowBytes: 8, valueType: 8, valueRowBytes: 2 },
  ],
  keys: [filled(12, 1), filled(24, 2)],
  values: [filled(18, 3), filled(6, 4)],
};

function filled(length: number, value: number): Uint8Array {
  return new Uint8Array(length).fill(value);
}

function file(place: Parameters<typeof stateChunks>[1] = { streams: 1 }): Buffer {
  return Buffer.concat(stateChunks([rows], place));
}

function defectOf(bytes: Uint8Array): StateDefect | undefined {
  const parsed = parseState(bufferSource(bytes));
  return parsed.ok ? undefined : parsed.defect;
}

/** Where things lie in the file of one stream. */
const BODY = 12 + 4 * COUNT;
const CELLS = BODY + 8;
const DATA = CELLS + 12 * COUNT;

describe("a state file", () => {
  test.each([
    { streams: 1 },
    { streams: 4, stream: 2, sequence: 2 },
    { streams: 2, stream: 1, sequence: 0 },
  ])("reads back what was written, in %j", (place) => {
    const bytes = file(place);
    const parsed = parseState(bufferSource(bytes));
    if (!parsed.ok) throw new Error(parsed.defect);
    const { state } = parsed;
    expect(state).toMatchObject({ stream: 0, sequence: 0, ...place, sizeBytes: bytes.length });
    expect([...state.tokens]).toEqual([...rows.tokens]);
    const slice = (offset: number, length: number) =>
      bytes.subarray(offset, offset + COUNT * length);
    const [one, two] = state.layers;
    expect([...slice(one!.keyOffset, one!.keyRowBytes)]).toEqual([...rows.keys[0]!]);
    expect([...slice(two!.valueOffset, two!.valueRowBytes)]).toEqual([...rows.values[1]!]);
  });

  test("that ends anywhere but at its end is refused", () => {
    const bytes = file();
    for (let length = 0; length < bytes.length; length += 1) {
      expect(defectOf(bytes.subarray(0, length)), `${length}`).toBe("truncated");
    }
  });

  const int = (at: number, value: number) => (bytes: Buffer) => void bytes.writeInt32LE(value, at);
  const cases: readonly [StateDefect, string, (bytes: Buffer) => Buffer | void][] = [
    ["magic", "another magic", int(0, STATE_MAGIC + 1)],
    ["version", "a later version", int(4, 4)],
    ["no-tokens", "no tokens", int(8, 0)],
    ["truncated", "more tokens than bytes", int(8, -1)],
    ["streams", "one token fewer", int(8, COUNT - 1)],
    ["streams", "no streams", int(BODY, 0)],
    ["streams", "too many streams", int(BODY, 1_000_000)],
    ["cells", "no cells", int(BODY + 4, 0)],
    ["cells", "more cells than tokens", int(BODY + 4, 0x7fffffff)],
    ["positions", "a negative position", int(CELLS, -5)],
    ["positions", "a hole", int(CELLS + 12, 2)],
    ["cell-sequences", "a cell of two sequences", int(CELLS + 4, 2)],
    ["cell-sequences", "a cell of another sequence", int(CELLS + 20, 1)],
    ["cell-sequences", "a negative sequence", int(CELLS + 8, -1)],
    ["transposed", "values by column", int(DATA, 1)],
    ["layers", "no layers", int(DATA + 4, 0)],
    ["layers", "too many layers", int(DATA + 4, 2_000)],
    ["row-type", "a type that is none", int(DATA + 8, 9_999)],
    ["row-size", "rows of no bytes", int(DATA + 12, 0)],
    ["row-size", "rows of a gigabyte", int(DATA + 12, 1 << 30)],
    ["trailing-bytes", "something behind", (bytes) => Buffer.concat([bytes, Buffer.alloc(1)])],
  ];
  test.each(cases)("is refused for %s: %s", (defect, _, damage) => {
    const bytes = file();
    expect(defectOf(damage(bytes) ?? bytes)).toBe(defect);
  });

  test("with two streams that hold something is refused", () => {
    const one = file();
    const body = one.subarray(BODY + 4);
    const two = Buffer.concat([one, body]);
    two.writeInt32LE(2, BODY);
    expect(defectOf(two)).toBe("several-streams");
  });

  test("has as many layers as it says", () => {
    expect(parseState(bufferSource(file()))).toMatchObject({
      ok: true,
      state: { layers: { length: LAYERS } },
    });
  });

  test("is as long as its pieces", () => {
    expect(sizeOf(stateChunks([rows], { streams: 3 }))).toBe(file({ streams: 3 }).length);
  });
});
