import type { CubeRef } from "@memcube/core";

import { assert, race, times } from "./kit/checks.ts";
import { START } from "./kit/content.ts";
import { HOSTILE_NAMES } from "./kit/hostile-names.ts";
import { rulesOf } from "./rule.ts";

const CUBE: CubeRef = { tenantId: "tenant-1", cubeId: "cube-1" };

export const usageRules = rulesOf("usage", "counters", {
  "increments add up, the latest time wins": async ({ storage: { usage } }) => {
    await usage.add([
      { cube: CUBE, id: "a", reads: 2, injections: 1, at: START + 10 },
      { cube: CUBE, id: "b", uses: 1, at: START + 5 },
      { cube: CUBE, id: "a", reads: 1, at: START + 3 },
    ]);
    await usage.add([{ cube: CUBE, id: "a", uses: 4, at: START + 7 }]);
    const found = await usage.get(CUBE, ["a", "b", "never"]);
    assert.deepEqual(found.get("a"), { reads: 3, injections: 1, uses: 4, lastUsedAt: START + 10 });
    assert.deepEqual(found.get("b"), { reads: 0, injections: 0, uses: 1, lastUsedAt: START + 5 });
    assert.deepEqual([...found.keys()].toSorted(), ["a", "b"]);
  },

  "only the counters asked for are returned": async ({ storage: { usage } }) => {
    await usage.add(["a", "b", "c"].map((id) => ({ cube: CUBE, id, reads: 1, at: START })));
    assert.deepEqual([...(await usage.get(CUBE, ["b"])).keys()], ["b"]);
    assert.equal((await usage.get(CUBE, [])).size, 0);
    await usage.add([]);
  },

  "counters belong to a tenant and a cube": async ({ storage: { usage } }) => {
    const cubes = [CUBE, { ...CUBE, tenantId: "tenant-2" }, { ...CUBE, cubeId: "cube-2" }];
    await usage.add(cubes.map((cube, index) => ({ cube, id: "a", reads: index + 1, at: START })));
    for (const [index, cube] of cubes.entries()) {
      assert.equal((await usage.get(cube, ["a"])).get("a")?.reads, index + 1);
    }
    assert.equal((await usage.get({ ...CUBE, cubeId: "none" }, ["a"])).size, 0);
  },

  "ids are told apart whatever characters they have": async ({ storage: { usage } }) => {
    await usage.add(
      HOSTILE_NAMES.map((id, index) => ({ cube: CUBE, id, reads: index + 1, at: START })),
    );
    const found = await usage.get(CUBE, HOSTILE_NAMES);
    assert.deepEqual(
      HOSTILE_NAMES.map((id) => found.get(id)?.reads),
      times(HOSTILE_NAMES.length, (at) => at + 1),
    );
  },

  "no increment is lost among many at the same time": async ({ storage, another }) => {
    const ports = [storage.usage, (await another()).usage];
    await race(
      times(
        20,
        (index) => () =>
          (ports[index % 2] ?? storage.usage).add([
            { cube: CUBE, id: "a", reads: 1, uses: 2, at: START + index },
            { cube: CUBE, id: `own-${index}`, reads: 1, at: START },
          ]),
      ),
    );
    const counters = (await storage.usage.get(CUBE, ["a"])).get("a");
    assert.deepEqual(counters, { reads: 20, injections: 0, uses: 40, lastUsedAt: START + 19 });
  },
});
