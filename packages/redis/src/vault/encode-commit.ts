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
      encodeIndex(args, write.index);
      pushList(args, fields(cube, write));
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

function encodeIndex(args: Argument[], index: VersionIndex): void {
  const { kind, type, state, visibility, externalKey, sessionId, at, expiresAt, edges } = index;
  args.push(kind, type, state, visibility, externalKey ?? "", sessionId ?? "", String(at));
  args.push(edges.length === 0 ? "" : JSON.stringify(edges), numberOrNone(expiresAt));
  pushList(args, [...new Set(index.tags)]);
  pushList(args, [...new Set(edges.map(({ to }) => targetOf(to)))]);
}

/** Ids hold no control characters. */
export function targetOf(to: { readonly cubeId: string; readonly id: string }): string {
  return `${to.cubeId}\0${to.id}`;
}

function pushList(args: Argument[], values: readonly Argument[]): void {
  args.push(String(values.length), ...values);
}

function numberOrNone(value: number | undefined): string {
  return value === undefined ? "" : String(value);
}
