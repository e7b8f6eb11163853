import { LIMITS, type Principal } from "@memcube/core";

import { assert, times } from "../kit/checks.ts";
import { vectorWrite } from "../kit/content.ts";
import { as, newCube, SYSTEM } from "../kit/test-cube.ts";
import { rulesOf } from "../rule.ts";

export const limitRules = rulesOf("vault", "limits", {
  "a commit takes as many writes as the core allows": async ({ storage }) => {
    const cube = await newCube(storage);
    const ids = times(LIMITS.commitWrites, (index) => `m${index}`);
    const { position } = await cube.put(...ids.map((id) => ({ id })));
    assert.equal(position.seq, 2);
    const page = { access: SYSTEM, filter: {}, order: "oldest", limit: LIMITS.pageRows } as const;
    const listed = await cube.vault.list(cube.ref, { ...page, withTotal: true });
    assert.deepEqual(
      listed.items.map(({ id }) => id),
      ids,
    );
    assert.equal(listed.total, LIMITS.commitWrites);
    const read = await cube.vault.read(cube.ref, { access: SYSTEM, ids: ids.toReversed() });
    assert.deepEqual(
      read.map(({ id }) => id),
      ids.toReversed(),
    );
  },

  "a memory may be as long as the core allows": async ({ storage }) => {
    const cube = await newCube(storage);
    const write = cube.memory({ id: "a", text: "é".repeat(LIMITS.payloadBytes / 2 - 100) });
    await cube.commit({ writes: [write] });
    assert.equal((await cube.read("a"))?.content, write.content);
  },

  "a vector may have as many dimensions as the core allows": async ({ storage }) => {
    const cube = await newCube(storage);
    const values = times(LIMITS.vectorDimensions, (index) => index / 7);
    await cube.commit({ writes: [cube.memory({ id: "a" }), vectorWrite("a", values)] });
    const read = await cube.read("a", { vectors: true });
    assert.deepEqual(read?.vector?.values, new Float32Array(values));
  },

  "a memory may have as many tags and edges as the core allows": async ({ storage }) => {
    const cube = await newCube(storage);
    // Those of the paths that a value lies beneath come on top.
    const tags = times(LIMITS.labels + LIMITS.pathDepth, (index) =>
      `tag-${index}`.padEnd(LIMITS.idChars, "-"),
    );
    const edges = times(LIMITS.edges, (index) => ({
      type: "about" as const,
      to: { cubeId: "cube-1", id: `t${index}` },
    }));
    await cube.put({ id: "a", tags, edges });
    const page = { access: SYSTEM, filter: { tags }, order: "oldest", limit: 10 } as const;
    assert.equal((await cube.vault.list(cube.ref, page)).items.length, 1);
    const target = { cubeId: "cube-1", id: `t${LIMITS.edges - 1}` };
    const found = await cube.vault.edgesTo(cube.ref, { target, access: SYSTEM, limit: 10 });
    assert.equal(found.items.length, 1);
  },

  "lists and callers may have as many principals as the core allows": async ({ storage }) => {
    const listed = times(
      LIMITS.listedPrincipals,
      (index): Principal => `role:${"r".repeat(200)}${index}`,
    );
    const cube = await newCube(storage, { allow: listed });
    await cube.put({ id: "a", allow: listed }, { id: "b", deny: listed });
    const callers = times(LIMITS.callerPrincipals - 1, (index): Principal => `role:other-${index}`);
    const last = listed.at(-1) ?? "everyone";
    assert.deepEqual(await cube.ids({ access: as(...callers, last) }), ["a"]);
    assert.deepEqual(await cube.ids({ access: as(...callers, "everyone") }), []);
  },

  "a memory may have many versions": async ({ storage }) => {
    const cube = await newCube(storage);
    const count = 120;
    for (const expectedVersion of times(count, (at) => at))
      await cube.put({ id: "a", expectedVersion });
    const versions = await cube.versions("a");
    assert.deepEqual(
      versions.map(({ version }) => version),
      times(count, (at) => count - at),
    );
    assert.equal((await cube.read("a", { seq: 61 }))?.version, 60);
  },
});
