import {
  type CommitReceipt,
  type CommitRequest,
  type CubeRef,
  type CubeStats,
  MemCubeError,
  type Vault,
  type VaultCapabilities,
} from "@memcube/core";

import { findCandidates } from "../candidates/candidates.ts";
import type { VectorField } from "../candidates/vector-field.ts";
import type { RedisConnection } from "../connection/connection.ts";
import { listOf, numberOf, textOf } from "../replies.ts";
import type { CubeFeed } from "../feed/cube-feed.ts";
import { type Acknowledge, awaitCopies } from "./await-copies.ts";
import { BulkGate } from "./bulk-gate.ts";
import { commitCube } from "./commit.ts";
import { edgesTo } from "./edges.ts";
import type { SearchFields } from "./encode-commit.ts";
import {
  addSeal,
  addSegment,
  findPosition,
  readEnded,
  readLog,
  readSeals,
  readSegments,
  readVersions,
  replaceSegment,
  settle,
} from "./history.ts";
import { listCubes, registerCube, unregisterCube } from "./list-cubes.ts";
import { listMemories } from "./list.ts";
import type { Outbox } from "./outbox.ts";
import { readMemories } from "./read.ts";
import { readCube, readPosition } from "./read-cube.ts";
import { PURGE_SLICE } from "./reply-bounds.ts";
import { isNothing } from "./stored-rows.ts";
import { Views } from "./views.ts";

/** A script of some 0.4 ms, for which everybody else waits; larger commits gain little. */
const BATCH_WRITES = 32;

/** What the vault works with. */
export interface VaultParts {
  readonly connection: RedisConnection;
  readonly outbox: Outbox;
  readonly feed: CubeFeed;
  readonly durability: VaultCapabilities["durability"];
  readonly fields: SearchFields;
  readonly vectors?: VectorField;
  readonly acknowledge: Acknowledge;
  /** The server's query engine proposes candidates. */
  readonly candidates: boolean;
}

/**
 * The vault port. Every cube lies in one slot and every commit is one script there. No call looks at
 * more of the database than the cube (or the tenant's list of cubes) that it is about. `lease`, `mark`
 * and `setMark` cost one command or script, the others what their functions say.
 */
export function vaultOf(parts: VaultParts): Vault {
  const { connection } = parts;
  const views = new Views();
  const gate = new BulkGate();
  const reading = { connection, views };
  const { keys } = connection;
  return {
    capabilities: {
      candidates: parts.candidates,
      atomicAcrossCubes: false,
      durability: parts.durability,
      linkHash: "sha1",
      batchWrites: BATCH_WRITES,
      ...(parts.candidates && parts.vectors !== undefined
        ? { vectors: { model: parts.vectors.model, dimensions: parts.vectors.dimensions } }
        : {}),
    },
    commit: (request) => commit(parts, gate, request),
    cube: (ref) => parts.feed.cube(ref),
    cubes: (query) => listCubes(connection, query),
    dropCube: (ref) => dropCube(parts, ref),
    position: (ref) => readPosition(connection, ref),
    read: (ref, { ids, ...query }) =>
      readMemories(reading, ref, "read-memories", { ...query, names: ids }),
    readByKey: (ref, { externalKeys, ...query }) =>
      readMemories(reading, ref, "read-keys", { ...query, names: externalKeys }),
    list: (ref, query) => listMemories(reading, ref, query),
    versions: (ref, query) => readVersions(reading, ref, query),
    log: (ref, query) => readLog(connection, ref, query),
    positionAt: (ref, at) => findPosition(connection, ref, at),
    edgesTo: (ref, query) => edgesTo(reading, ref, query),
    seals: (ref, query) => readSeals(connection, ref, query),
    seal: (ref, seal) => addSeal(connection, ref, seal),
    lease: async (ref, { name, holder, now, until }) => {
      const args = [name, holder, String(now), String(until)];
      const reply = listOf(await connection.run("take-lease", [keys.cube(ref, "meta")], args));
      settle(reply, ref);
      return reply[1] === 1;
    },
    mark: async (ref, name) => {
      const key = keys.cube(ref, "marks");
      const value = await connection.send(key, ["HGET", key, name]);
      return isNothing(value) ? undefined : textOf(value);
    },
    setMark: async (ref, name, value) => {
      const args = value === undefined ? [name] : [name, value];
      settle(listOf(await connection.run("set-mark", [keys.cube(ref, "meta")], args)), ref);
    },
    segments: (ref) => readSegments(connection, ref),
    endedVersions: (ref, query) => readEnded(connection, ref, query),
    addSegment: (ref, segment, expect) => addSegment(connection, ref, segment, expect),
    replaceSegment: (ref, segment, replaced) => replaceSegment(connection, ref, segment, replaced),
    stats: (ref) => readStats(connection, ref),
    candidates: async (ref, query) => {
      connection.checkOpen();
      if (parts.candidates)
        return findCandidates({ ...reading, vectors: parts.vectors }, ref, query);
      const why = "No query engine is in use here: the storage proposes no candidates.";
      throw new MemCubeError("MEMCUBE_NOT_SUPPORTED", why);
    },
  };
}

async function commit(
  parts: VaultParts,
  gate: BulkGate,
  request: CommitRequest,
): Promise<CommitReceipt> {
  try {
    return await commitOnce(parts, gate, request);
  } catch (error) {
    // Whatever it was, what is known of the cube may be old.
    parts.feed.invalidate(request.cube);
    throw error;
  }
}

async function commitOnce(
  parts: VaultParts,
  gate: BulkGate,
  request: CommitRequest,
): Promise<CommitReceipt> {
  const { connection, outbox, feed, fields, vectors } = parts;
  const { cube: ref, tasks } = request;
  connection.checkOpen();
  const viaOutbox = connection.server.isCluster && tasks.length > 0;
  if (viaOutbox) await outbox.register(ref);
  for (const write of request.writes) {
    if (write.op === "cube") await registerCube(connection, ref, write.content);
  }
  const publish = connection.server.shardedPubSub ? "SPUBLISH" : "PUBLISH";
  const options = {
    publish,
    fields,
    outbox: connection.server.isCluster,
    ...(vectors === undefined ? {} : { vectors }),
  };
  const send = () =>
    gate.through(request.writes.length, () => commitCube(connection, request, options));
  let committed = await send();
  while (committed === "purging") {
    await purge(connection, ref, false);
    committed = await send();
  }
  const { receipt, heard, narrows } = committed;
  if (!receipt.replayed) {
    const wroteHeader = request.writes.some(({ op }) => op === "cube");
    feed.committed(ref, receipt, wroteHeader);
  }
  if (viaOutbox && !receipt.replayed) {
    try {
      await outbox.relay(ref, receipt.position.seq, { tasks, at: request.at });
    } catch {
      // They are as durable as the commit; the next sweep hands them on.
    }
  }
  await awaitCopies(connection, ref, parts.acknowledge);
  // INVARIANT: what a commit takes from somebody is nowhere to be seen once it is acknowledged.
  if (narrows && heard > feed.listenersHere(ref)) await feed.untilOthersForgot();
  return receipt;
}

/**
 * `Vault.dropCube`: at once for whoever reads. The bytes are freed in slices before it returns; what a
 * crash leaves of them, by whoever makes a cube of the id anew. Cost: in proportion to what the cube holds,
 * in slices between which others are served.
 */
async function dropCube(parts: VaultParts, ref: CubeRef): Promise<boolean> {
  const { connection } = parts;
  const cube = await readCube(connection, ref);
  parts.feed.invalidate(ref);
  const { found, heard } = await purge(connection, ref, true);
  parts.feed.invalidate(ref);
  if (heard > parts.feed.listenersHere(ref)) await parts.feed.untilOthersForgot();
  if (cube !== undefined) await unregisterCube(connection, ref, cube.content);
  return found;
}

async function purge(
  connection: RedisConnection,
  ref: CubeRef,
  drops: boolean,
): Promise<{ readonly found: boolean; readonly heard: number }> {
  const { keys, server } = connection;
  const publish = server.shardedPubSub ? "SPUBLISH" : "PUBLISH";
  let found = false;
  let heard = 0;
  for (let first = drops; ; first = false) {
    const reply = await connection.run(
      "drop-cube",
      [keys.cube(ref, "meta"), keys.cubeFeed(ref)],
      [publish, String(PURGE_SLICE), first ? "1" : "0"],
    );
    const [there, left, ears] = listOf(reply);
    if (numberOf(there) === 1) found = true;
    heard += numberOf(ears);
    if (numberOf(left) === 0) return { found, heard };
  }
}

/**
 * `Vault.stats`; all zero when there is no cube. The header's own versions are not counted. Cost: two
 * commands: the numbers are kept with each commit.
 */
async function readStats(connection: RedisConnection, ref: CubeRef): Promise<CubeStats> {
  const meta = connection.keys.cube(ref, "meta");
  const segmentsKey = connection.keys.cube(ref, "segments");
  const [fields, segments] = await Promise.all([
    connection.send(meta, ["HMGET", meta, "n", "p", "x", "b", "s", "g"]),
    connection.send(segmentsKey, ["ZCARD", segmentsKey]),
  ]);
  const [memories, past, vectors, contentBytes, seq, archived] = listOf(fields).map((field) =>
    isNothing(field) ? 0 : numberOf(field),
  );
  return {
    memories: memories ?? 0,
    versions: (memories ?? 0) + (past ?? 0),
    vectors: vectors ?? 0,
    commits: (seq ?? 0) - (archived ?? 0),
    segments: numberOf(segments),
    contentBytes: contentBytes ?? 0,
  };
}
