import type { VaultFilter } from "@memcube/core";

import { assert, rejects, times } from "../kit/checks.ts";
import { eraseWrite, START } from "../kit/content.ts";
import { as, newCube, SYSTEM, type TestCube } from "../kit/test-cube.ts";
import { type Rule, rulesOf } from "../rule.ts";

/** With the capability the check; without it, that the method says so. */
function declared(check: Rule["run"]): Rule["run"] {
  return async (context) => {
    const { vault } = context.storage;
    if (vault.capabilities.candidates) return check(context);
    const cube = await newCube(context.storage);
    await cube.put({ id: "a" });
    await rejects(candidates(cube, ["text"]), "MEMCUBE_NOT_SUPPORTED");
  };
}

export const candidateRules = rulesOf("vault", "candidates", {
  "whatever shares a term with the query is proposed": declared(async ({ storage }) => {
    const cube = await newCube(storage);
    const terms = times(40, (index) => `word${index}`);
    await cube.put(
      ...times(200, (index) => ({
        id: `m${index}`,
        terms: `word${index % 40} word${(index * 7) % 40} filler`,
      })),
    );
    for (const asked of [
      terms.slice(0, 1),
      terms.slice(3, 5),
      [...terms.slice(10, 12), "unknown"],
    ]) {
      const expected = times(200, (index) => index)
        .filter((index) => [index % 40, (index * 7) % 40].some((at) => asked.includes(`word${at}`)))
        .map((index) => `m${index}`);
      const found = await candidates(cube, asked);
      assert.deepEqual(found.toSorted(), expected.toSorted());
    }
    assert.deepEqual(await candidates(cube, ["unknown"]), []);
    assert.deepEqual(await candidates(cube, []), []);
  }),

  "candidates come best first, without one twice": declared(async ({ storage }) => {
    const cube = await newCube(storage);
    const filler = times(30, (index) => ({ id: `f${index}`, terms: "filler noise" }));
    await cube.put(
      ...filler,
      { id: "one", terms: "red filler" },
      { id: "both", terms: "red blue" },
    );
    const query = { terms: ["red", "blue"], filter: {}, access: SYSTEM, now: START, limit: 10 };
    const found = await cube.vault.candidates(cube.ref, query);
    assert.deepEqual(
      found.map(({ id }) => id),
      ["both", "one"],
    );
    const [best, second] = found;
    assert.ok((best?.score ?? 0) >= (second?.score ?? 0));
  }),

  "only what is permitted is proposed, and the limit is filled with it": declared(
    async ({ storage }) => {
      const cube = await newCube(storage);
      const closed = times(50, (index) => ({ id: `c${index}`, terms: "red red red", allow: [] }));
      const open = times(5, (index) => ({ id: `o${index}`, terms: "red and much else in it" }));
      await cube.put(...closed, ...open);
      const found = await candidates(cube, ["red"], {
        access: as("user:bob", "everyone"),
        limit: 5,
      });
      assert.deepEqual(found.toSorted(), ["o0", "o1", "o2", "o3", "o4"]);
    },
  ),

  "filter and expiry count": declared(async ({ storage }) => {
    const cube = await newCube(storage);
    await cube.put(
      { id: "a", terms: "red", tags: ["t"], state: "archived" },
      { id: "b", terms: "red", tags: ["t"], expiresAt: START },
      { id: "c", terms: "red", tags: ["t"] },
      { id: "d", terms: "red" },
    );
    const filter: VaultFilter = { tags: ["t"], states: ["generated", "activated"] };
    assert.deepEqual(await candidates(cube, ["red"], { filter }), ["c"]);
  }),

  "other cubes, replaced versions and erased memories are not proposed": declared(
    async ({ storage }) => {
      const cube = await newCube(storage);
      for (const place of [{ cubeId: "cube-2" }, { tenantId: "tenant-2" }]) {
        await (await newCube(storage, place)).put({ id: "foreign", terms: "red" });
      }
      await cube.put(
        { id: "a", terms: "red" },
        { id: "b", terms: "red" },
        { id: "c", terms: "red" },
      );
      await cube.put({ id: "a", expectedVersion: 1, terms: "blue" });
      await cube.commit({ writes: [eraseWrite("b")] });
      assert.deepEqual(await candidates(cube, ["red"]), ["c"]);
      assert.deepEqual(await candidates(cube, ["blue"]), ["a"]);
    },
  ),

  "terms are words to look for, never a query": declared(async ({ storage }) => {
    const cube = await newCube(storage);
    await cube.put({ id: "a", terms: "red or near" }, { id: "b", terms: "東京 京都 é" });
    const hostile = [
      '"',
      '""',
      "'",
      "*",
      "red*",
      "re",
      "-red",
      "a:red",
      "(",
      "NEAR(",
      "^red",
      "%",
      "{x}",
      "@red",
      "|",
    ];
    for (const term of [...hostile, "AND", "NOT", "\\", "$x", "~red"])
      await candidates(cube, [term]);
    assert.deepEqual(await candidates(cube, ["re"]), []);
    assert.deepEqual(await candidates(cube, ["red", ...hostile]), ["a"]);
    assert.deepEqual(await candidates(cube, ["near"]), ["a"]);
    assert.deepEqual(await candidates(cube, ["東京"]), ["b"]);
  }),

  "with a vector the nearest are proposed, permitted and fitting": async ({ storage }) => {
    const { capabilities } = storage.vault;
    const { model, dimensions } = capabilities.vectors ?? { model: "none", dimensions: 4 };
    const along = (angle: number): Float32Array =>
      Float32Array.from({ length: dimensions }, (_, place) =>
        place === 0 ? Math.cos(angle) : place === 1 ? Math.sin(angle) : 0,
      );
    const embed = (cube: TestCube, id: string, angle: number, of = model) => {
      const vector = along(angle);
      const write = { op: "vector", id, model: of, fingerprint: "f", vector } as const;
      return cube.commit({ writes: [write] });
    };
    const cube = await newCube(storage);
    const foreign = await newCube(storage, { cubeId: "cube-2" });
    await foreign.put({ id: "foreign", terms: "noise" });
    await embed(foreign, "foreign", 0);
    const ids = times(12, (index) => `m${index}`);
    await cube.put(...ids.map((id) => ({ id, terms: "noise" })));
    for (const [index, id] of ids.entries()) await embed(cube, id, 0.1 * index);
    await cube.put(
      { id: "closed", terms: "noise", allow: [] },
      { id: "archived", terms: "noise", state: "archived" },
      { id: "expired", terms: "noise", expiresAt: START },
      { id: "erased", terms: "noise" },
      { id: "other", terms: "noise" },
    );
    for (const id of ["closed", "archived", "expired", "erased"]) await embed(cube, id, 0);
    await embed(cube, "other", 0, "another model");
    await cube.commit({ writes: [eraseWrite("erased")] });
    const query = {
      access: as("user:bob", "everyone"),
      filter: { states: ["generated"] },
      limit: 5,
      vector: along(0),
    } as const;
    if (capabilities.vectors === undefined) {
      // What is not declared is not looked at.
      if (!capabilities.candidates) return;
      assert.deepEqual(await candidates(cube, ["unknown"], query), []);
      return;
    }
    const found = await candidates(cube, ["unknown"], query);
    assert.deepEqual(found, ids.slice(0, 5), "the limit is filled with what fits, nearest first");
    await embed(cube, "m11", 0);
    const moved = await candidates(cube, [], query);
    assert.deepEqual(moved.slice(0, 2).toSorted(), ["m0", "m11"], "the latest vector counts");
    await cube.put({ id: "worded", terms: "rare" });
    const both = await candidates(cube, ["rare"], query);
    assert.ok(both.includes("worded") && both.includes("m0"));
    assert.equal(new Set(both).size, both.length);
    assert.ok(both.length <= 5);
  },
});

async function candidates(
  cube: TestCube,
  terms: readonly string[],
  query: Partial<Parameters<TestCube["vault"]["candidates"]>[1]> = {},
): Promise<string[]> {
  const found = await cube.vault.candidates(cube.ref, {
    terms,
    filter: {},
    access: SYSTEM,
    now: START,
    limit: 200,
    ...query,
  });
  return found.map(({ id }) => id);
}
