import type {
  Checkpoint,
  CheckpointPage,
  ChunkMap,
  PendingWrite,
  StoredCheckpoint,
  ThreadRef,
} from "@memcube/core";
import type { SQLInputValue } from "node:sqlite";

import type { Connection } from "../../connection.ts";
import type { Context } from "../../context.ts";
import { pageOf, readCursor, writeCursor } from "../../cursor.ts";
import { type Compact, compactId, fullHashes, fullId } from "./compact.ts";
import { neededChunks } from "./needed-chunks.ts";
import { unpackWrites } from "./packed-writes.ts";
import { findThread } from "./thread-row.ts";

interface CheckpointRow {
  readonly namespace: string;
  readonly id: string;
  readonly parent: Compact | null;
  readonly chunks: Compact;
  readonly value: Uint8Array;
}

const COLUMNS = "namespace, id, parent, chunks, value";

interface GetInput {
  readonly thread: ThreadRef;
  readonly namespace: string;
  readonly id?: string;
  readonly withoutChunks?: boolean;
  readonly now: number;
}

/** `Threads.get` */
export function getCheckpoint(
  { db }: Pick<Context, "db">,
  input: GetInput,
): (StoredCheckpoint & { readonly chunks: ChunkMap }) | undefined {
  const thread = findThread(db, input.thread, input.now);
  if (thread === undefined) return undefined;
  const row = rowOf(db, thread, input);
  if (row === undefined) return undefined;
  const stored = { checkpoint: checkpointOf(row), writes: writesOf(db, thread, row) };
  return { ...stored, chunks: chunksOf(db, thread, input.withoutChunks === true ? [] : [stored]) };
}

interface LineageInput {
  readonly thread: ThreadRef;
  readonly namespace: string;
  readonly id: string;
  readonly withoutChunks?: boolean;
  readonly limit: number;
  readonly now: number;
}

/** `Threads.lineage` */
export function getLineage({ db }: Pick<Context, "db">, input: LineageInput): CheckpointPage {
  const { namespace, limit, now } = input;
  const thread = findThread(db, input.thread, now);
  const items: StoredCheckpoint[] = [];
  let id: string | undefined = input.id;
  while (thread !== undefined && id !== undefined && items.length < limit) {
    const row: CheckpointRow | undefined = rowOf(db, thread, { namespace, id });
    if (row === undefined) break;
    const checkpoint = checkpointOf(row);
    items.push({ checkpoint, writes: writesOf(db, thread, row) });
    id = checkpoint.parentId;
  }
  if (thread === undefined || input.withoutChunks === true) return { items, chunks: new Map() };
  return { items, chunks: chunksOf(db, thread, items) };
}

function rowOf(
  db: Connection,
  thread: number,
  { namespace, id }: Pick<GetInput, "namespace" | "id">,
): CheckpointRow | undefined {
  const find = `SELECT ${COLUMNS} FROM checkpoint WHERE thread = ? AND namespace = ?`;
  return id === undefined
    ? db.get<CheckpointRow>(`${find} ORDER BY id DESC LIMIT 1`, thread, namespace)
    : db.get<CheckpointRow>(`${find} AND id = ?`, thread, namespace, id);
}

interface WritesRow {
  readonly task: Compact;
  readonly task_path: string | null;
  readonly writes: Uint8Array;
}

function writesOf(
  db: Connection,
  thread: number,
  { namespace, id }: Pick<CheckpointRow, "namespace" | "id">,
): PendingWrite[] {
  const rows = db.all<WritesRow>(
    `SELECT task, task_path, writes FROM pending_write
     WHERE thread = ? AND namespace = ? AND checkpoint = ?`,
    thread,
    namespace,
    compactId(id),
  );
  return rows.flatMap(({ task, task_path: taskPath, writes }) => {
    const path = taskPath === null ? {} : { taskPath };
    return unpackWrites(writes).map((write) => ({ taskId: fullId(task), ...write, ...path }));
  });
}

function chunksOf(db: Connection, thread: number, items: readonly StoredCheckpoint[]): ChunkMap {
  const roots = items.flatMap(({ checkpoint, writes }) => [
    ...checkpoint.chunks,
    ...writes.flatMap(({ chunks }) => chunks),
  ]);
  return neededChunks<Uint8Array>(db, thread, roots, "bytes");
}

interface ListInput {
  readonly thread: ThreadRef;
  readonly namespace?: string;
  readonly before?: string;
  readonly bare?: boolean;
  readonly limit: number;
  readonly cursor?: string;
  readonly now: number;
}

/** `Threads.list`: newest first, then by namespace. */
export function listCheckpoints({ db }: Pick<Context, "db">, input: ListInput): CheckpointPage {
  const { limit, now, bare = false } = input;
  const thread = findThread(db, input.thread, now);
  if (thread === undefined) return { items: [], chunks: new Map() };
  const namespaces = input.namespace === undefined ? namespacesOf(db, thread) : [input.namespace];
  const rows = namespaces
    .flatMap((namespace) => newestOf(db, thread, namespace, input))
    .sort((a, b) => compareBytes(b.id, a.id) || compareBytes(a.namespace, b.namespace));
  const page = pageOf(rows.slice(0, limit + 1), limit, {
    item: (row): StoredCheckpoint => ({
      checkpoint: checkpointOf(row),
      writes: bare ? [] : writesOf(db, thread, row),
    }),
    cursor: (row) => writeCursor(row.id, row.namespace),
  });
  return { ...page, chunks: chunksOf(db, thread, bare ? [] : page.items) };
}

/** Each namespace by one step through the key. */
function namespacesOf(db: Connection, thread: number): string[] {
  const next = "SELECT min(namespace) AS name FROM checkpoint WHERE thread = ? AND namespace";
  const found: string[] = [];
  let row = db.get<{ name: string | null }>(`${next} >= ''`, thread);
  while (row !== undefined && row.name !== null) {
    found.push(row.name);
    row = db.get<{ name: string | null }>(`${next} > ?`, thread, row.name);
  }
  return found;
}

/** The first `limit + 1` of one namespace. */
function newestOf(
  db: Connection,
  thread: number,
  namespace: string,
  { before, cursor, limit }: ListInput,
): CheckpointRow[] {
  const parts: string[] = [];
  const values: SQLInputValue[] = [];
  const need = (sql: string, ...more: SQLInputValue[]): void => {
    parts.push(` AND ${sql}`);
    values.push(...more);
  };
  if (before !== undefined) need("id < ?", before);
  if (cursor !== undefined) {
    const [id, after] = readCursor(cursor, "string", "string");
    need(compareBytes(namespace, after) > 0 ? "id <= ?" : "id < ?", id);
  }
  return db.all<CheckpointRow>(
    `SELECT ${COLUMNS} FROM checkpoint WHERE thread = ? AND namespace = ?${parts.join("")}
     ORDER BY id DESC LIMIT ?`,
    thread,
    namespace,
    ...values,
    limit + 1,
  );
}

/** As SQLite orders text: by bytes of UTF-8. */
function compareBytes(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function checkpointOf({ namespace, id, parent, chunks, value }: CheckpointRow): Checkpoint {
  const checkpoint = { namespace, id, value, chunks: fullHashes(chunks) };
  return parent === null ? checkpoint : { ...checkpoint, parentId: fullId(parent) };
}
