/** Random operations give the same on `InMemoryStore` and on ours; what is meant to differ is named. */
import { memoryStorage } from "@memcube/core/testing";
import {
  InMemoryStore,
  type Item,
  type Operation,
  type OperationResults,
} from "@langchain/langgraph-checkpoint";
import fc from "fast-check";
import { expect, test } from "vitest";

import { worlds } from "./store-world.ts";

const newWorld = worlds(() => memoryStorage());

/**
 * No name begins another and none holds ":": there `InMemoryStore` mixes namespaces up, as its keys are
 * joined texts.
 */
const element = fc.constantFrom("users", "ada", "bob", "notes", "x");
const namespace = fc.array(element, { minLength: 1, maxLength: 3 });
const key = fc.constantFrom("k1", "k2", "k3");
const scalar = fc.constantFrom(0, 1, 2, -1, 1.5, "1", "a", "", true, false, null);
const value = fc.record(
  { a: scalar, b: scalar, c: scalar, n: fc.constant(0) },
  { requiredKeys: [] },
);
const condition = fc.oneof(
  scalar,
  fc.record(
    {
      $eq: scalar,
      $ne: scalar,
      $gt: scalar,
      $gte: scalar,
      $lt: scalar,
      $lte: scalar,
      $in: fc.array(scalar, { maxLength: 3 }),
      $nin: fc.array(scalar, { maxLength: 3 }),
    },
    { requiredKeys: [] },
  ),
);
const filter = fc.dictionary(fc.constantFrom("a", "b", "c", "missing"), condition, {
  maxKeys: 2,
  noNullPrototype: true,
});
const page = { limit: fc.nat(12), offset: fc.nat(4) };

const put = fc.record({
  namespace,
  key,
  value: fc.oneof({ weight: 4, arbitrary: value }, fc.constant(null)),
});
const get = fc.record({ namespace, key });
/** All that there is: the order among namespaces is another, see below. */
const search = fc.record({
  namespacePrefix: fc.array(element, { maxLength: 2 }),
  filter: fc.option(filter, { nil: undefined }),
  limit: fc.constant(1_000),
  offset: fc.constant(0),
});
const pattern = fc.array(fc.oneof(element, fc.constant("*")), { minLength: 1, maxLength: 2 });
const list = fc.record({
  matchConditions: fc.option(
    fc.array(fc.record({ matchType: fc.constantFrom("prefix", "suffix"), path: pattern }), {
      maxLength: 2,
    }),
    { nil: undefined },
  ),
  maxDepth: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
  ...page,
});
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 4, arbitrary: put },
  { weight: 2, arbitrary: get },
  { weight: 2, arbitrary: search },
  { weight: 1, arbitrary: list },
);
const batches = fc.array(fc.array(operation, { minLength: 1, maxLength: 6 }), {
  minLength: 1,
  maxLength: 12,
});

test("random batches", async () => {
  await fc.assert(
    fc.asyncProperty(batches, async (all) => {
      const { store } = await newWorld();
      const peer = new ComparablePeer();
      for (const batch of all) {
        const [ours, theirs] = [await store.batch(batch), await peer.batch(batch)];
        expect(ours.map(comparable)).toEqual(theirs.map(comparable));
      }
    }),
    { numRuns: 150 },
  );
}, 120_000);

test("pages of one namespace, in the order of their creation", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.string({ minLength: 1, maxLength: 3 }), { maxLength: 12 }),
      fc.array(fc.record({ filter, ...page }), { minLength: 1, maxLength: 5 }),
      async (keys, searches) => {
        const { store } = await newWorld();
        const peer = new InMemoryStore();
        const puts = keys.map((each, n) => ({
          namespace: ["users", "ada"],
          key: each,
          value: { a: n % 3, b: String(n), n },
        }));
        for (const side of [store, peer]) {
          await side.batch(puts);
          await side.batch(
            puts.filter((_, n) => n % 4 === 1).map((one) => ({ ...one, value: null })),
          );
        }
        for (const options of searches) {
          const [ours, theirs] = await Promise.all(
            [store, peer].map((side) => side.search(["users", "ada"], options)),
          );
          expect(ours?.map(plain)).toEqual(theirs?.map(plain));
        }
      },
    ),
    { numRuns: 60 },
  );
}, 120_000);

test("where InMemoryStore mixes namespaces up, this one does not", async () => {
  const { store } = await newWorld();
  const peer = new InMemoryStore();
  for (const side of [store, peer]) {
    await side.put(["users", "1"], "k", { of: "1" });
    await side.put(["users", "12"], "k", { of: "12" });
    await side.put(["a:b"], "k", { of: "a:b" });
  }
  expect(await peer.search(["users", "1"])).toHaveLength(2);
  expect(await store.search(["users", "1"])).toMatchObject([{ value: { of: "1" } }]);
  expect(await peer.get(["a", "b"], "k")).not.toBeNull();
  expect(await store.get(["a", "b"], "k")).toBeNull();
});

/**
 * `InMemoryStore`, but a namespace whose last item was deleted is none, as on every database; and what
 * was read is not changed by a write of the same batch, as it is there: it gives its own items out.
 */
class ComparablePeer extends InMemoryStore {
  override async batch<Operations extends readonly Operation[]>(operations: Operations) {
    const empty = [...this.#namespaces()].filter(([, items]) => items.size === 0);
    for (const [name] of empty) this.#namespaces().delete(name);
    const isWrite = (one: Operation): boolean => "value" in one;
    const read = await super.batch(operations.filter((one) => !isWrite(one)));
    const results = structuredClone(read).values();
    await super.batch(operations.filter(isWrite));
    return operations.map((one) =>
      isWrite(one) ? undefined : results.next().value,
    ) as OperationResults<Operations>;
  }

  #namespaces(): Map<string, Map<string, Item>> {
    return (this as unknown as { data: Map<string, Map<string, Item>> }).data;
  }
}

/** Results without times; of a search in one order, as `InMemoryStore` goes namespace by namespace. */
function comparable(result: unknown): unknown {
  if (!Array.isArray(result)) return isItem(result) ? plain(result) : undefined;
  const items = result.filter(isItem);
  if (items.length === 0) return result;
  return items.map(plain).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

function plain({ namespace: of, key: name, value: held }: Item) {
  return { of: [...of], name, held };
}

function isItem(result: unknown): result is Item {
  return typeof result === "object" && result !== null && "createdAt" in result;
}
