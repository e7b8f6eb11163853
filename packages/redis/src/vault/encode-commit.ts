import type { CommitRequest, CubeRef, PutWrite, VaultWrite, VersionIndex } from "@memcube/core";

import type { Argument } from "../connection/connection.ts";
import { taskArguments } from "../queue/enqueue-arguments.ts";

/** Fields that a query engine indexes, name and value in turn. */
export type SearchFields = (cube: CubeRef, write: PutWrite) => readonly Argument[];

export interface CommitOptions {
  /** PUBLISH, or SPUBLISH where there are shards. */
  readonly publish: string;
  readonly fields: SearchFields;
  /** Tasks go to the cube's outbox, as the queue lies in another slot; else straight to the queue. */
  readonly outbox: boolean;
}

/** Arguments of `commit-cube.lua`. */
export function encodeCommit(request: CommitRequest, options: CommitOptions): Argument[] {
  const { idempotency, tasks, writes } = request;
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
    String(writes.length),
  ];
  for (const write of writes) encodeWrite(args, request.cube, write, options.fields);
  if (!options.outbox) args.push(...tasks.flatMap(taskArguments));
  return args;
}

function encodeWrite(
  args: Argument[],
  cube: CubeRef,
  write: VaultWrite,
  fields: SearchFields,
): void {
  switch (write.op) {
    case "put":
      args.push("p", write.id, String(write.expectedVersion), String(write.version));
      args.push(write.content, write.salt, write.commitment);
      encodeIndex(args, write.index, fields(cube, write));
      return;
    case "erase":
      args.push("e", write.id, numberOrNone(write.expectedVersion));
      return;
    case "vector": {
      const { buffer, byteOffset, byteLength } = write.vector;
      // A copy: the caller may change its array before the bytes are on their way.
      const bytes = Buffer.from(Buffer.from(buffer, byteOffset, byteLength));
      args.push("v", write.id, write.fingerprint, write.model, bytes);
      return;
    }
    case "cube":
      args.push("c", String(write.expectedVersion), String(write.version));
      args.push(write.content, write.salt, write.commitment);
  }
}

/** What most memories lack is not sent: a letter says that it follows. */
function encodeIndex(args: Argument[], index: VersionIndex, document: readonly Argument[]): void {
  const { kind, type, state, visibility, externalKey, sessionId, at, expiresAt } = index;
  const { tags, edges } = index;
  const optional: Argument[] = [];
  let letters = "";
  const add = (letter: string, ...values: readonly Argument[]): void => {
    letters += letter;
    for (const value of values) optional.push(value);
  };
  if (externalKey !== undefined && externalKey !== "") add("k", externalKey);
  if (sessionId !== undefined && sessionId !== "") add("s", sessionId);
  if (expiresAt !== undefined) add("x", String(expiresAt));
  if (edges.length > 0) add("e", JSON.stringify(edges));
  if (tags.length > 0) add("t", ...counted([...new Set(tags)]));
  if (edges.length > 0) add("o", ...counted([...new Set(edges.map(({ to }) => targetOf(to)))]));
  if (document.length > 0) add("d", ...counted(document));
  args.push(visibility, `${kind}\0${type}\0${state}`, String(at), letters);
  for (const value of optional) args.push(value);
}

function counted(values: readonly Argument[]): Argument[] {
  return [String(values.length), ...values];
}

/** Ids hold no control characters. */
export function targetOf(to: { readonly cubeId: string; readonly id: string }): string {
  return `${to.cubeId}\0${to.id}`;
}

function numberOrNone(value: number | undefined): string {
  return value === undefined ? "" : String(value);
}
