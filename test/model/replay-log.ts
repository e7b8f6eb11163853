import { type Access, type CommitBody, commitBodySchema, type Storage } from "@memcube/core";
import assert from "node:assert/strict";
import { createHash } from "node:crypto";

import { type Acknowledged, SHARED } from "./random-writer.ts";
import { commit, type CubeModel, newCube, versionsOf, type WriteModel } from "./vault-model.ts";

const SYSTEM: Access = { system: "verify" };

/**
 * Sees that the shared cube is what its log says, whoever wrote it: the log is linked, each commit in
 * it was allowed at its place, and the memories of now and of every earlier time are the model's.
 *
 * @returns ids of the commits in the log, in order
 */
export async function assertLogExplainsCube(storage: Storage): Promise<readonly string[]> {
  const { vault } = storage;
  const entries = await vault.log(SHARED, { afterSeq: 0, limit: 100_000 });
  let head = "";
  let cube: CubeModel | undefined;
  const commitIds: string[] = [];
  for (const [index, entry] of entries.entries()) {
    assert.equal(entry.seq, index + 1);
    const line = `${head}\n${entry.seq}\n${entry.at}\n${entry.digest}`;
    head = createHash(vault.capabilities.linkHash).update(line).digest("hex");
    assert.equal(entry.head, head);
    const body = commitBodySchema.parse(JSON.parse(entry.body));
    commitIds.push(body.commitId);
    cube = index === 0 ? newCube("epoch-1") : next(cube, body);
  }
  assert.ok(cube !== undefined);
  assert.deepEqual(await vault.position(SHARED), { epoch: "epoch-1", seq: entries.length, head });
  await assertStates(storage, cube);
  return commitIds;
}

/** The cube after a commit; it must have been allowed. */
function next(cube: CubeModel | undefined, body: CommitBody): CubeModel {
  const writes = body.changes.map(({ op, memoryId: id = "", version = 0 }): WriteModel => {
    if (op === "erase") return { op, id };
    const expectedVersion = version - 1;
    return { op: "put", id, expectedVersion, text: body.commitId, hidden: false };
  });
  // An id that is used again starts from 1 here: nothing of the erased one is left to clash with.
  const outcome = commit(cube && { ...cube, highest: new Map() }, writes);
  if ("cube" in outcome) return outcome.cube;
  return assert.fail(`${body.commitId} was not possible: ${JSON.stringify(outcome)}`);
}

async function assertStates({ vault }: Storage, cube: CubeModel): Promise<void> {
  const step = Math.max(1, Math.floor(cube.states.length / 50));
  for (let seq = cube.states.length; seq > 0; seq -= step) {
    const query = { access: SYSTEM, seq, filter: {}, order: "oldest", limit: 100 } as const;
    const { items } = await vault.list(SHARED, query);
    const found = items.map(({ id, version, content }) => {
      const { payload } = JSON.parse(content) as { payload: { text: string } };
      return [id, version, payload.text];
    });
    const state = [...(cube.states[seq - 1] ?? [])];
    assert.deepEqual(
      found,
      state.map(([id, { version, text }]) => [id, version, text]),
    );
  }
  for (const id of cube.states.flatMap((state) => [...state.keys()])) {
    const found = await vault.versions(SHARED, { id, access: SYSTEM, limit: 100_000 });
    assert.deepEqual(
      found.map(({ version }) => version),
      versionsOf(cube, id),
    );
  }
}

/** Sees that every commit that was acknowledged is in the log, at its place. */
export async function assertAcknowledgedAreThere(
  { vault }: Storage,
  acknowledged: readonly Acknowledged[],
  commitIds: readonly string[],
): Promise<void> {
  const entries = await vault.log(SHARED, { afterSeq: 0, limit: 100_000 });
  for (const { commitId, seq, head } of acknowledged) {
    assert.deepEqual([commitIds[seq - 1], entries[seq - 1]?.head], [commitId, head]);
  }
}
