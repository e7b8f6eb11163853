import type { EdgeType } from "@memcube/core";

import { allPages, assert, times } from "../kit/checks.ts";
import { eraseWrite } from "../kit/content.ts";
import { newCube, SYSTEM, type TestCube } from "../kit/test-cube.ts";
import { rulesOf } from "../rule.ts";

const TO = { cubeId: "cube-1", id: "t" };

export const edgeRules = rulesOf("vault", "edges", {
  "an edge is found from its target, with all it says": async ({ storage }) => {
    const cube = await newCube(storage);
    const edge = { type: "derived-from", to: TO, toVersion: 3, weight: 0.25 } as const;
    await cube.put({ id: "a", edges: [edge, { type: "about", to: { ...TO, id: "other" } }] });
    await cube.put({ id: "a", expectedVersion: 1, edges: [edge] });
    assert.deepEqual(await edgesTo(cube), [{ ...edge, from: "a", fromVersion: 2 }]);
  },

  "edges are found by type": async ({ storage }) => {
    const cube = await newCube(storage);
    await cube.put({
      id: "a",
      edges: [
        { type: "about", to: TO },
        { type: "supports", to: TO },
      ],
    });
    await cube.put({ id: "b", edges: [{ type: "contradicts", to: TO }] });
    const from = async (...types: EdgeType[]) =>
      (await edgesTo(cube, { types })).map((edge) => `${edge.from} ${edge.type}`).sort();
    assert.deepEqual(await from("about", "contradicts"), ["a about", "b contradicts"]);
    assert.deepEqual(await from("merged-from"), []);
    assert.equal((await edgesTo(cube)).length, 3);
  },

  "edges of replaced versions and erased memories are gone": async ({ storage }) => {
    const cube = await newCube(storage);
    const edges = [{ type: "about", to: TO }] as const;
    await cube.put({ id: "a", edges }, { id: "b", edges }, { id: "c", edges });
    await cube.put({ id: "a", expectedVersion: 1 });
    await cube.commit({ writes: [eraseWrite("b")] });
    assert.deepEqual(
      (await edgesTo(cube)).map(({ from }) => from),
      ["c"],
    );
  },

  "who depends on an erased memory is still found": async ({ storage }) => {
    const cube = await newCube(storage);
    await cube.put({ id: "t" }, { id: "a", edges: [{ type: "derived-from", to: TO }] });
    await cube.commit({ writes: [eraseWrite("t")] });
    assert.deepEqual(
      (await edgesTo(cube)).map(({ from }) => from),
      ["a"],
    );
  },

  "targets of other cubes are told apart": async ({ storage }) => {
    const cube = await newCube(storage);
    const foreign = { cubeId: "cube-2", id: "t" };
    await cube.put({ id: "a", edges: [{ type: "about", to: TO }] });
    await cube.put({ id: "b", edges: [{ type: "about", to: foreign }] });
    assert.deepEqual(
      (await edgesTo(cube)).map(({ from }) => from),
      ["a"],
    );
    const toForeign = await edgesTo(cube, { target: foreign });
    assert.deepEqual(
      toForeign.map(({ from }) => from),
      ["b"],
    );
  },

  "edges come in pages that writes don't disturb": async ({ storage }) => {
    const cube = await newCube(storage);
    const both = [
      { type: "about", to: TO },
      { type: "supports", to: TO },
    ] as const;
    await cube.put(...times(11, (index) => ({ id: `m${index}`, edges: both })));
    let erased = false;
    const found = await allPages(async (cursor) => {
      const page = await cube.vault.edgesTo(cube.ref, {
        target: TO,
        access: SYSTEM,
        limit: 3,
        cursor,
      });
      assert.ok(page.items.length <= 3);
      const first = page.items[0]?.from;
      if (!erased && first !== undefined) await cube.commit({ writes: [eraseWrite(first)] });
      erased = true;
      return page;
    });
    const names = found.map(({ from, type }) => `${from} ${type}`);
    assert.equal(new Set(names).size, names.length, "none twice");
    const firstFrom = found[0]?.from;
    const kept = names.filter((name) => !name.startsWith(`${firstFrom} `));
    assert.equal(kept.length, 20, "none left out");
  },
});

async function edgesTo(
  cube: TestCube,
  query: { readonly target?: typeof TO; readonly types?: readonly EdgeType[] } = {},
) {
  const page = await cube.vault.edgesTo(cube.ref, {
    target: TO,
    access: SYSTEM,
    limit: 100,
    ...query,
  });
  return page.items;
}
