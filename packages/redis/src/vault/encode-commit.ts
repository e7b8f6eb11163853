import type { CommitRequest, CubeRef, PutWrite, VaultWrite } from "@memcube/core";

import { float32Bytes, vectorBytes, type VectorField } from "../candidates/vector-field.ts";
import type { Argument } from "../connection/connection.ts";
import { taskArguments } from "../queue/enqueue-arguments.ts";

/** Fields that a query engine indexes, name and value in turn. */
export type SearchFields = (cube: CubeRef, write: PutWrite) => readonly Argument[];

export interface CommitOptions {
  /** PUBLISH, or SPUBLISH where there are shards. */
  readonly publish: string;
  readonly fields: SearchFields;
  /** Vectors that go into search documents. */
  readonly vectors?: VectorField;
  /** Tasks go to the cube's outbox, as the queue lies in another slot; else straight to the queue. */
  readonly outbox: boolean;
}

/** How JSON writes half a character pair. */
const LONE_SURROGATE = "\\ud";

/** Arguments of `commit-cube.lua`. */
export function encodeCommit(request: CommitRequest, options: CommitOptions): Argument[] {
  const { idempotency, tasks, writes } = request;
  const records: WriteRecord[] = [];
  const long: Argument[] = [];
  for (const write of writes) records.push(encodeWrite(long, request.cube, write, options));
  const args: Argument[] = [
    String(request.at),
    request.digest,
    request.body,
    request.epoch ?? "",
    numberOrNone(request.cubeVersion),
    request.cubeCommitment ?? "",
    idempotency?.key ?? "",
    numberOrNone(idempotency?.expiresAt),
    options.publish,
    tasks.length === 0 || !options.outbox ? "" : JSON.stringify(tasks),
    wellFormedJson(records),
  ];
  // No spread: a commit may have more arguments than a call may.
  for (const argument of long) args.push(argument);
  if (!options.outbox) args.push(...tasks.flatMap(taskArguments));
  return args;
}

/** What the script looks at of a write: one JSON text costs the server less than many arguments. */
type WriteRecord = readonly unknown[];

function encodeWrite(
  long: Argument[],
  cube: CubeRef,
  write: VaultWrite,
  { fields, vectors }: CommitOptions,
): WriteRecord {
  switch (write.op) {
    case "put": {
      const { id, expectedVersion, content, index } = write;
      const document = fields(cube, write);
      long.push(content);
      for (const field of document) long.push(field);
      const edges = index.edges.length === 0 ? "" : JSON.stringify(index.edges);
      const { visibility } = index;
      return ["p", id, expectedVersion, visibility, edges, document.length, headOf(write)];
    }
    case "erase":
      return ["e", write.id, write.expectedVersion ?? false];
    case "vector": {
      const { id, fingerprint, model, vector } = write;
      const indexed = vectors && vectorBytes(vectors, vector, model);
      long.push(float32Bytes(vector));
      if (indexed === undefined || vectors === undefined) return ["v", id, fingerprint, model, ""];
      if (vectors.type === "float32") return ["v", id, fingerprint, model, vectors.field, 0];
      long.push(indexed);
      return ["v", id, fingerprint, model, vectors.field, 1];
    }
    case "cube": {
      const { expectedVersion, version, content, salt, commitment } = write;
      long.push(content);
      return ["c", "@cube", expectedVersion, version, salt, commitment];
    }
  }
}

/** As in `scripts/modules/memory.lua`; the script fills in from, ordinal and class. */
function headOf({ version, salt, commitment, index }: PutWrite): readonly unknown[] {
  const { kind, type, state, externalKey, sessionId, at, expiresAt, tags, edges } = index;
  const targets = edges.length === 0 ? [] : [...new Set(edges.map(({ to }) => targetOf(to)))];
  return [
    version,
    0,
    0,
    0,
    kind,
    type,
    state,
    externalKey ?? "",
    sessionId ?? "",
    at,
    expiresAt ?? false,
    tags.length === 0 ? tags : [...new Set(tags)],
    targets,
    salt,
    commitment,
  ];
}

/** JSON that the server can read: half a character pair is replaced, as in any other argument. */
function wellFormedJson(value: unknown): string {
  const json = JSON.stringify(value);
  if (!json.includes(LONE_SURROGATE)) return json;
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === "string" ? member.toWellFormed() : member,
  );
}

/** Ids hold no control characters. */
export function targetOf(to: { readonly cubeId: string; readonly id: string }): string {
  return `${to.cubeId}\0${to.id}`;
}

function numberOrNone(value: number | undefined): string {
  return value === undefined ? "" : String(value);
}
