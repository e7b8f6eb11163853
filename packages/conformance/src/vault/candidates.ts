import type { Access, VaultFilter } from "@memcube/core";

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
});

async function candidates(
  cube: TestCube,
  terms: readonly string[],
  query: { readonly access?: Access; readonly filter?: VaultFilter; readonly limit?: number } = {},
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
