import type { Checkpoint, PendingWrite, ThreadRef } from "@memcube/core";
import type { SQLInputValue } from "node:sqlite";

import type { Connection } from "../../connection.ts";
import type { Context } from "../../context.ts";
import { pageOf, readCursor, writeCursor } from "../../cursor.ts";
import { findThread } from "./thread-row.ts";

/** A checkpoint whose metadata and chunk list are still JSON. */
export type CheckpointText = Omit<Checkpoint, "metadata" | "chunks"> & {
  readonly metadata: string;
  readonly chunks: string;
};

interface CheckpointRow {
  readonly namespace: string;
  readonly id: string;
  readonly parent: string | null;
  readonly metadata: string;
  readonly chunks: string;
  readonly value: Uint8Array;
}

const COLUMNS = "namespace, id, parent, metadata, chunks, value";

interface GetInput {
  readonly thread: ThreadRef;
  readonly namespace: string;
  readonly id?: string;
  readonly now: number;
}

export interface FoundCheckpoint {
  readonly checkpoint: CheckpointText;
  readonly writes: PendingWrite[];
}

/** `Threads.get` */
export function getCheckpoint({ db }: Context, input: GetInput): FoundCheckpoint | undefined {
  const thread = findThread(db, input.thread, input.now);
  if (thread === undefined) return undefined;
  const found = `SELECT ${COLUMNS} FROM checkpoint WHERE thread = ? AND namespace = ?`;
  const row =
    input.id === undefined
      ? db.get<CheckpointRow>(`${found} ORDER BY id DESC LIMIT 1`, thread, input.namespace)
      : db.get<CheckpointRow>(`${found} AND id = ?`, thread, input.namespace, input.id);
  return row && { checkpoint: checkpointText(row), writes: writesOf(db, thread, row) };
}

interface WriteRow {
  readonly task: string;
  readonly place: number;
  readonly channel: string;
  readonly task_path: string | null;
  readonly value: Uint8Array;
}

function writesOf(
  db: Connection,
  thread: number,
  { namespace, id }: CheckpointRow,
): PendingWrite[] {
  const rows = db.all<WriteRow>(
    `SELECT task, place, channel, task_path, value FROM pending_write
     WHERE thread = ? AND namespace = ? AND checkpoint = ? ORDER BY key`,
    thread,
    namespace,
    id,
  );
  return rows.map(({ task: taskId, place: index, channel, task_path: taskPath, value }) => ({
    taskId,
    index,
    channel,
    value,
    ...(taskPath === null ? {} : { taskPath }),
  }));
}

/** `Threads.chunks` */
export function getChunks(
  { db }: Context,
  { thread, hashes }: { readonly thread: ThreadRef; readonly hashes: readonly string[] },
): (Uint8Array | undefined)[] {
  const key = findThread(db, thread);
  if (key === undefined) return hashes.map(() => undefined);
  const find = "SELECT bytes FROM chunk WHERE thread = ? AND hash = ?";
  return hashes.map((hash) => db.get<{ bytes: Uint8Array }>(find, key, hash)?.bytes);
}

interface ListInput {
  readonly thread: ThreadRef;
  readonly namespace?: string;
  readonly before?: string;
  readonly limit: number;
  readonly cursor?: string;
  readonly now: number;
}

/** `Threads.list`: newest first, then by namespace. */
export function listCheckpoints(
  { db }: Context,
  input: ListInput,
): { readonly items: CheckpointText[]; readonly cursor?: string } {
  const { namespace, before, limit, cursor, now } = input;
  const thread = findThread(db, input.thread, now);
  if (thread === undefined) return { items: [] };
  const parts: string[] = [];
  const values: SQLInputValue[] = [];
  const need = (sql: string, ...more: SQLInputValue[]): void => {
    parts.push(` AND ${sql}`);
    values.push(...more);
  };
  if (namespace !== undefined) need("namespace = ?", namespace);
  if (before !== undefined) need("id < ?", before);
  if (cursor !== undefined) {
    const [id, after] = readCursor(cursor, "string", "string");
    need("(id < ? OR (id = ? AND namespace > ?))", id, id, after);
  }
  const rows = db.all<CheckpointRow>(
    `SELECT ${COLUMNS} FROM checkpoint WHERE thread = ?${parts.join("")}
     ORDER BY id DESC, namespace LIMIT ?`,
    thread,
    ...values,
    limit + 1,
  );
  return pageOf(rows, limit, {
    item: checkpointText,
    cursor: (row) => writeCursor(row.id, row.namespace),
  });
}

function checkpointText({ parent, ...row }: CheckpointRow): CheckpointText {
  return parent === null ? row : { ...row, parentId: parent };
}
