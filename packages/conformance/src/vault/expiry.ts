import { assert, times } from "../kit/checks.ts";
import { START } from "../kit/content.ts";
import { findable, idsByPath } from "../kit/read-paths.ts";
import { newCube, SYSTEM } from "../kit/test-cube.ts";
import { rulesOf } from "../rule.ts";

/** Paths that take no `now`: they are for lineage and history. */
const TIMELESS = new Set(["versions", "edgesTo"]);

export const expiryRules = rulesOf("vault", "expiry", {
  "from its time on an expired memory is not there": async ({ storage }) => {
    const cube = await newCube(storage);
    await cube.put(findable({ id: "a", expiresAt: START + 100 }), findable({ id: "b" }));
    const expected = [
      [START, ["a", "b"]],
      [START + 99, ["a", "b"]],
      [START + 100, ["b"]],
      [START + 1_000, ["b"]],
    ] as const;
    for (const [now, ids] of expected) {
      const found = await idsByPath(cube, SYSTEM, ["a", "b"], now);
      for (const [path, seen] of Object.entries(found)) {
        if (!TIMELESS.has(path)) assert.deepEqual(seen, ids, `${path} at ${now - START}`);
      }
    }
  },

  "who gives no time sees expired memories": async ({ storage }) => {
    const cube = await newCube(storage);
    await cube.put({ id: "a", expiresAt: START - 1, externalKey: "k" });
    assert.equal((await cube.read("a"))?.id, "a");
    assert.deepEqual(await cube.ids(), ["a"]);
    const byKey = { access: SYSTEM, externalKeys: ["k"] };
    assert.equal((await cube.vault.readByKey(cube.ref, byKey)).length, 1);
    assert.equal((await cube.versions("a")).length, 1);
  },

  "the current version decides when a memory expires": async ({ storage }) => {
    const cube = await newCube(storage);
    await cube.put({ id: "a", expiresAt: START + 10 }, { id: "b" });
    await cube.put({ id: "a", expectedVersion: 1 });
    await cube.put({ id: "b", expectedVersion: 1, expiresAt: START + 10 });
    assert.deepEqual(await cube.ids({ now: START + 10 }), ["a"]);
  },

  "pages and totals leave expired memories out": async ({ storage }) => {
    const cube = await newCube(storage);
    const expiresAt = START + 10;
    await cube.put(
      ...times(30, (index) => ({ id: `m${index}`, ...(index % 3 ? { expiresAt } : {}) })),
    );
    const query = {
      access: SYSTEM,
      filter: {},
      order: "oldest",
      limit: 8,
      withTotal: true,
    } as const;
    const page = await cube.vault.list(cube.ref, { ...query, now: expiresAt });
    assert.equal(page.total, 10);
    assert.deepEqual(
      page.items.map(({ id }) => id),
      times(8, (index) => `m${index * 3}`),
    );
    assert.equal((await cube.vault.list(cube.ref, { ...query, now: START })).total, 30);
  },
});
