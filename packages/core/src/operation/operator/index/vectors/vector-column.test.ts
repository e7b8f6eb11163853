import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KERNEL_VARIANTS, type KernelVariant } from "./kernel.ts";
import { columnLayout } from "./layout.ts";
import { VectorColumn, type VectorHits } from "./vector-column.ts";
import { isSupported, WasmKernel } from "./wasm-kernel.ts";

/** Cosines differ from the f64 reference by no more than this. */
const TOLERANCE = 5e-7;

/** Small random numbers, the same for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function randomVectors(count: number, dimensions: number, seed: number): Float32Array[] {
  const random = randomOf(seed);
  return Array.from({ length: count }, () =>
    Float32Array.from({ length: dimensions }, () => random() - 0.5),
  );
}

function cosine(left: Float32Array, right: Float32Array): number {
  let dot = 0;
  for (const [index, value] of left.entries()) dot += value * right[index]!;
  return dot / Math.hypot(...left) / Math.hypot(...right);
}

/**
 * The hits are a right top-k by the f64 cosines, up to rows whose cosines are equal within the
 * tolerance.
 */
function expectTopK(
  hits: VectorHits,
  query: Float32Array,
  vectors: ReadonlyMap<number, Float32Array>,
  limit: number,
): void {
  const best = [...vectors.values()]
    .map((vector) => cosine(vector, query))
    .toSorted((a, b) => b - a);
  expect(hits.rows.length).toBe(Math.min(limit, vectors.size));
  expect(new Set(hits.rows).size).toBe(hits.rows.length);
  for (const [index, row] of hits.rows.entries()) {
    expect(Math.abs(hits.scores[index]! - cosine(vectors.get(row)!, query))).toBeLessThan(
      TOLERANCE,
    );
    expect(Math.abs(hits.scores[index]! - best[index]!)).toBeLessThan(TOLERANCE);
    const [score, previous] = [hits.scores[index]!, hits.scores[index - 1] ?? Infinity];
    expect(score < previous || (score === previous && row > hits.rows[index - 1]!)).toBe(true);
  }
}

function columnOf(vectors: readonly Float32Array[], variant?: KernelVariant): VectorColumn {
  const column = VectorColumn.create(vectors[0]!.length, 0, variant);
  for (const [row, vector] of vectors.entries()) column.set(row, vector);
  return column;
}

const arbitraryVectors = fc
  .tuple(fc.integer({ min: 1, max: 130 }), fc.integer({ min: 1, max: 300 }))
  .chain(([dimensions, count]) =>
    fc.record({
      dimensions: fc.constant(dimensions),
      // Few different values make many ties and equal vectors; a wide range makes the codes coarse.
      vectors: fc.array(
        fc.float32Array({
          minLength: dimensions,
          maxLength: dimensions,
          noNaN: true,
          noDefaultInfinity: true,
        }),
        { minLength: 1, maxLength: 12 },
      ),
      seed: fc.integer(),
      count: fc.constant(count),
      limit: fc.integer({ min: 0, max: 320 }),
    }),
  );

/** The generated vectors with repetitions, random ones among them; none of them zero. */
function mixedVectors(input: {
  vectors: Float32Array[];
  seed: number;
  count: number;
  dimensions: number;
}): Float32Array[] {
  const random = randomOf(input.seed);
  return randomVectors(input.count, input.dimensions, input.seed).map((vector) => {
    const given = input.vectors[Math.floor(random() * input.vectors.length)]!;
    return random() < 0.5 && given.some((value) => value !== 0) ? given : vector;
  });
}

test("the machine that runs these tests supports every kernel", () => {
  expect(isSupported("relaxed")).toBe(true);
  expect(isSupported("simd")).toBe(true);
  expect(VectorColumn.create(3).variant).toBe("relaxed");
});

describe.each(KERNEL_VARIANTS)("%s kernel", (variant) => {
  test("an empty column finds nothing", () => {
    const column = VectorColumn.create(5, 0, variant);
    expect(column.search(new Float32Array(5).fill(1), 10)).toEqual({
      rows: new Uint32Array(0),
      scores: new Float32Array(0),
    });
    expect(column.rowCount).toBe(0);
    expect(column.has(0)).toBe(false);
  });

  test("results equal the f64 reference", () => {
    fc.assert(
      fc.property(arbitraryVectors, (input) => {
        const vectors = mixedVectors(input);
        const column = columnOf(vectors, variant);
        const [query] = randomVectors(1, input.dimensions, input.seed ^ 1);
        const expected = new Map(vectors.entries());
        expectTopK(column.search(query!, input.limit), query!, expected, input.limit);
      }),
      { numRuns: 40 },
    );
  });

  test("a mask leaves only allowed rows, and as many as there are", () => {
    fc.assert(
      fc.property(
        arbitraryVectors,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: -70, max: 70 }),
        (input, share, extra) => {
          const vectors = mixedVectors(input);
          const column = columnOf(vectors, variant);
          const random = randomOf(input.seed ^ 2);
          const allowed = Uint8Array.from({ length: Math.max(0, input.count + extra) }, () =>
            random() < share ? 1 : 0,
          );
          const query = vectors[0]!;
          const expected = new Map([...vectors.entries()].filter(([row]) => allowed[row] === 1));
          expectTopK(column.search(query, input.limit, allowed), query, expected, input.limit);
          // The mask is of that search only.
          expectTopK(column.search(query, 3), query, new Map(vectors.entries()), 3);
        },
      ),
      { numRuns: 40 },
    );
  });

  test("rows are set, replaced and cleared in any order", () => {
    const command = fc.record({
      row: fc.integer({ min: 0, max: 400 }),
      seed: fc.integer({ min: 0, max: 30 }),
      clear: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 70 }),
        fc.array(command, { maxLength: 60 }),
        (dimensions, commands) => {
          const column = VectorColumn.create(dimensions, 0, variant);
          const model = new Map<number, Float32Array>();
          for (const { row, seed, clear } of commands) {
            const [vector] = randomVectors(1, dimensions, seed);
            if (clear) column.clear(row);
            else column.set(row, vector!);
            if (clear) model.delete(row);
            else model.set(row, vector!);
          }
          const [query] = randomVectors(1, dimensions, 99);
          for (const row of [0, 7, 399]) expect(column.has(row)).toBe(model.has(row));
          expectTopK(column.search(query!, 500), query!, model, 500);
          const copy = VectorColumn.deserialize(column.serialize(), variant);
          expect(copy.search(query!, 500)).toEqual(column.search(query!, 500));
        },
      ),
      { numRuns: 40 },
    );
  });

  test("a loaded column goes on as the one it was written from", () => {
    const command = fc.record({
      row: fc.integer({ min: 0, max: 300 }),
      seed: fc.integer({ min: 0, max: 30 }),
      clear: fc.boolean(),
    });
    const input = fc.record({
      dimensions: fc.constantFrom(1, 5, 64, 70),
      count: fc.integer({ min: 0, max: 200 }),
      commands: fc.array(command, { maxLength: 40 }),
      shift: fc.integer({ min: 0, max: 3 }),
    });
    fc.assert(
      fc.property(input, ({ dimensions, count, commands, shift }) => {
        const column = VectorColumn.create(dimensions, 0, variant);
        const vectors = randomVectors(count, dimensions, 31);
        for (const [row, vector] of vectors.entries()) if (row % 7 !== 2) column.set(row, vector);
        let loaded = VectorColumn.deserialize(shifted(column.serialize(), shift), variant);
        const [query] = randomVectors(1, dimensions, 99);
        for (const [index, { row, seed, clear }] of commands.entries()) {
          const [vector] = randomVectors(1, dimensions, seed);
          for (const each of [column, loaded]) {
            if (clear) each.clear(row);
            else each.set(row, vector!);
          }
          if (index % 10 === 5)
            loaded = VectorColumn.deserialize(shifted(loaded.serialize(), shift), variant);
        }
        expect(loaded.search(query!, 500)).toEqual(column.search(query!, 500));
        expect(loaded.serialize()).toEqual(column.serialize());
      }),
      { numRuns: 40 },
    );
  });

  test("similarity gives the cosines of the rows asked for", () => {
    const vectors = randomVectors(100, 70, 5);
    const column = columnOf(vectors, variant);
    column.clear(3);
    const query = vectors[8]!;
    const rows = Uint32Array.from({ length: 300 }, (_, index) => (index * 7) % 110);
    const scores = column.similarity(query, rows);
    for (const [index, row] of rows.entries()) {
      const expected = row === 3 || row >= 100 ? 0 : cosine(vectors[row]!, query);
      expect(Math.abs(scores[index]! - expected)).toBeLessThan(TOLERANCE);
    }
    expect(column.similarity(new Float32Array(70), rows).every((score) => score === 0)).toBe(true);
    expect(
      VectorColumn.create(2, 0, variant).similarity(new Float32Array([1, 2]), rows.slice(0, 2)),
    ).toEqual(new Float32Array(2));
  });

  test.each([1, 63, 64, 65, 384, 1000, 8192])("%i dimensions", (dimensions) => {
    const vectors = randomVectors(70, dimensions, dimensions);
    const column = columnOf(vectors, variant);
    expectTopK(column.search(vectors[60]!, 9), vectors[60]!, new Map(vectors.entries()), 9);
  });
});

test("every kernel gives the same bits", () => {
  fc.assert(
    fc.property(arbitraryVectors, (input) => {
      const vectors = mixedVectors(input);
      const [query] = randomVectors(1, input.dimensions, input.seed ^ 3);
      const allowed = Uint8Array.from(vectors, (_, row) => (row % 3 === 0 ? 0 : 1));
      const [first, ...others] = KERNEL_VARIANTS.map((variant) => {
        const column = columnOf(vectors, variant);
        return [
          column.search(query!, input.limit),
          column.search(query!, input.limit, allowed),
          column.similarity(query!, Uint32Array.from(allowed.keys())),
          column.serialize(),
        ];
      });
      for (const other of others) expect(other).toEqual(first);
    }),
    { numRuns: 60 },
  );
});

describe.each(KERNEL_VARIANTS)("exact where the codes can't tell rows apart (%s)", (variant) => {
  /** 2,000 vectors whose first element is `first`, the others drawn. */
  const vectorsWith = (first: number, draw: () => number): Float32Array[] =>
    Array.from({ length: 2_000 }, () =>
      Float32Array.from({ length: 64 }, (_, index) => (index === 0 ? first : draw())),
    );

  test("one large element makes the codes of all others of the rows zero", () => {
    const random = randomOf(1);
    const vectors = vectorsWith(1_000, () => random() - 0.5);
    const [query] = vectorsWith(1_000, () => random() * 400);
    const column = columnOf(vectors, variant);
    expectTopK(column.search(query!, 10), query!, new Map(vectors.entries()), 10);
  });

  test("one large element makes the codes of all others of the query zero", () => {
    const random = randomOf(2);
    const vectors = vectorsWith(0, () => (random() < 0.5 ? -1 : 1));
    const [query] = vectorsWith(1_000, () => random());
    const column = columnOf(vectors, variant);
    expectTopK(column.search(query!, 10), query!, new Map(vectors.entries()), 10);
  });
});

test("equal rows come in order of row", () => {
  const column = VectorColumn.create(3);
  for (let row = 0; row < 200; row++) column.set(199 - row, new Float32Array([2, 1, 0.5]));
  expect([...column.search(new Float32Array([1, 1, 1]), 60).rows]).toEqual([...Array(60).keys()]);
});

test("vectors are brought to unit length, however large or small", () => {
  const column = VectorColumn.create(2);
  for (const [row, size] of [1e-45, 1e-30, 1, 1e30, 3.4e38].entries()) {
    column.set(row, new Float32Array([size, size]));
  }
  const { rows, scores } = column.search(new Float32Array([1e-40, 1e-40]), 9);
  expect(rows.length).toBe(5);
  for (const score of scores) expect(score).toBeCloseTo(1, 6);
});

test("the zero vector clears its row and finds nothing", () => {
  const column = VectorColumn.create(2);
  column.set(0, new Float32Array([1, 2]));
  column.set(0, new Float32Array(2));
  column.set(900, new Float32Array(2));
  expect(column.has(0)).toBe(false);
  expect(column.rowCount).toBe(1);
  column.set(1, new Float32Array([1, 2]));
  expect(column.search(new Float32Array(2), 5).rows.length).toBe(0);
});

test("a cleared row leaves nothing in the stored bytes", () => {
  const column = VectorColumn.create(3);
  column.set(0, new Float32Array([1, 2, 3]));
  column.clear(0);
  expect(
    column
      .serialize()
      .subarray(16)
      .every((byte) => byte === 0),
  ).toBe(true);
});

test("misuse is refused", () => {
  const column = VectorColumn.create(3);
  const good = new Float32Array([1, 2, 3]);
  for (const dimensions of [0, -1, 1.5, 8193, Number.NaN]) {
    expect(() => VectorColumn.create(dimensions)).toThrow(RangeError);
  }
  for (const bad of [
    new Float32Array(2),
    new Float32Array([1, Number.NaN, 0]),
    new Float32Array([1, 0, Infinity]),
  ]) {
    expect(() => column.set(0, bad)).toThrow(RangeError);
    expect(() => column.search(bad, 1)).toThrow(RangeError);
    expect(() => column.similarity(bad, new Uint32Array(1))).toThrow(RangeError);
  }
  for (const row of [-1, 0.5, 2 ** 31]) expect(() => column.set(row, good)).toThrow(RangeError);
  for (const limit of [-1, 0.5]) expect(() => column.search(good, limit)).toThrow(RangeError);
  expect(column.rowCount).toBe(0);
});

test("damaged bytes are refused", () => {
  const column = columnOf(randomVectors(20, 6, 1));
  const bytes = column.serialize();
  const damage = (at: number, value: number): Uint8Array => {
    const copy = bytes.slice();
    copy[at] = value;
    return copy;
  };
  expect(() => VectorColumn.deserialize(bytes.subarray(0, 10))).toThrow(/too short/);
  expect(() => VectorColumn.deserialize(bytes.subarray(0, -1))).toThrow(/bytes where/);
  expect(() => VectorColumn.deserialize(damage(0, 0))).toThrow(/magic/);
  expect(() => VectorColumn.deserialize(damage(4, 2))).toThrow(/version 2/);
  expect(() => VectorColumn.deserialize(damage(8, 0))).toThrow(RangeError);
  expect(() => VectorColumn.deserialize(damage(16 + 24 * 4 + 3, 0x7f))).toThrow(/row 4/);
  const floats = new Float32Array(bytes.slice().buffer, 16, 20 * 6);
  for (const [value, row] of [
    [Number.NaN, 19],
    [Infinity, 17],
    [0.5, 0],
  ] as const) {
    floats.fill(value, row * 6, row * 6 + 6);
    for (const variant of KERNEL_VARIANTS) {
      const damaged = new Uint8Array(floats.buffer);
      expect(() => VectorColumn.deserialize(damaged, variant)).toThrow(`row ${row} is not`);
    }
  }
});

/** The same bytes at another offset of a larger buffer. */
function shifted(bytes: Uint8Array, by: number): Uint8Array {
  const buffer = new Uint8Array(bytes.length + by);
  buffer.set(bytes, by);
  return buffer.subarray(by);
}

test("bytes at any offset can be read", () => {
  const bytes = columnOf(randomVectors(20, 6, 1)).serialize();
  for (const by of [0, 1, 2, 3, 4]) {
    expect(VectorColumn.deserialize(shifted(bytes, by)).serialize()).toEqual(bytes);
  }
});

test("a loaded column works in the bytes it was given, in none where it had to copy them", () => {
  const vectors = randomVectors(20, 6, 1);
  const written = columnOf(vectors).serialize();
  const row3 = (bytes: Uint8Array): Uint8Array => bytes.subarray(16 + 3 * 24, 16 + 4 * 24);
  for (const by of [0, 3]) {
    const bytes = shifted(written, by);
    const column = VectorColumn.deserialize(bytes);
    column.clear(3);
    const isInPlace = by === 0;
    expect(row3(bytes).every((byte) => byte === 0)).toBe(isInPlace);
    expect(row3(column.serialize()).every((byte) => byte === 0)).toBe(true);
    column.set(3, vectors[3]!);
    expect(column.serialize()).toEqual(written);
    expect(bytes).toEqual(written);
  }
});

test("what a row without a vector holds in the bytes is overwritten", () => {
  const column = columnOf(randomVectors(20, 6, 1));
  column.clear(3);
  const bytes = column.serialize();
  const dirty = bytes.slice();
  dirty.fill(9, 16 + 3 * 24, 16 + 4 * 24);
  const loaded = VectorColumn.deserialize(dirty);
  expect(loaded.has(3)).toBe(false);
  expect(loaded.serialize()).toEqual(bytes);
  expect(dirty).toEqual(bytes);
});

test("whatever vectors the bytes hold, the search among them is exact", () => {
  const vectors = randomVectors(2_000, 64, 3);
  const bytes = columnOf(vectors).serialize();
  // Still of unit length, so nothing tells that they are other vectors than were written.
  const floats = new Float32Array(bytes.buffer, 16, vectors.length * 64);
  for (let row = 0; row < vectors.length; row++) {
    floats.subarray(row * 64, row * 64 + 64).reverse();
    vectors[row]!.reverse();
  }
  const column = VectorColumn.deserialize(bytes);
  for (const query of randomVectors(5, 64, 4)) {
    expectTopK(column.search(query, 20), query, new Map(vectors.entries()), 20);
  }
});

test("the bytes held are counted: those given, and the chunks of rows added to them", () => {
  const vectors = randomVectors(1_000, 64, 1);
  const bytes = columnOf(vectors).serialize();
  const column = VectorColumn.deserialize(bytes);
  const loaded = column.sizeBytes;
  expect(loaded).toBeGreaterThan(1_000 * 64 * 5);
  expect(loaded).toBeLessThan(1_100 * 64 * 6);
  for (const row of [0, 999]) column.set(row, vectors[5]!);
  expect(column.sizeBytes).toBe(loaded);
  column.set(1_000, vectors[5]!);
  expect(column.sizeBytes).toBe(loaded + 64 * 64 * 4);
  for (let row = 1_001; row < 3_000; row++) column.set(row, vectors[row % 1_000]!);
  expect(column.sizeBytes).toBeGreaterThan(3_000 * 64 * 5);
  expect(column.search(vectors[500]!, 3).rows).toEqual(Uint32Array.of(500, 1_500, 2_500));
});

test.each(["relaxed", "simd"] as const)("each row is looked at once at most (%s)", (variant) => {
  const layout = columnLayout(64, 1_000);
  const kernel = new WasmKernel(variant);
  kernel.place(layout);
  const { address } = layout;
  const floats = new Float32Array(kernel.buffer);
  // All rows have the same codes and lie as far from them, so that the bounds say nothing.
  const step = 0.001;
  const vectorOf = (row: number): Float32Array =>
    new Float32Array(64)
      .fill(-step)
      .fill(step, 1, 2 + (row % 63))
      .fill(Math.sqrt(1 - 63 * step ** 2), 0, 1);
  new Uint8Array(kernel.buffer).fill(1, address.alive, address.alive + 1_000);
  for (let row = 0; row < 1_000; row++) {
    floats.set(vectorOf(row), address.batch / 4);
    expect(kernel.quantise(row, 1)).toBe(-1);
  }
  floats.fill(0.125, address.query / 4, address.query / 4 + 64);
  const looked: number[] = [];
  const rows = { at: (row: number) => (looked.push(row), vectorOf(row)) };
  const options = { rowCount: 1_000, limit: 5, candidates: 16, masked: false };
  expect(kernel.search(rows, options)).toBe(5);
  expect(looked.length).toBe(1_000);
  expect(new Set(looked).size).toBe(1_000);
  const hits = new Uint32Array(kernel.buffer, address.hitRows, 5);
  expect([...hits]).toEqual([62, 125, 188, 251, 314]);
});
