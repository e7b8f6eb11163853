import { isMemCubeError } from "../../errors.ts";
import { commitBodySchema, type NewTask, type Position } from "../../flow/index.ts";
import { toMemory } from "../../infrastructure/vault/index.ts";
import { LIMITS } from "../../limits.ts";
import type { TurnPayload } from "../../memory/index.ts";
import { readFast, type Candidate, type ReadResult, type Rejection } from "../reader/index.ts";
import type { OpenCube } from "./context.ts";
import { addDraft, newContent, type ParsedAddOptions } from "./new-memory.ts";
import { addOptionsSchema, parseInput, type AddOptions } from "./options.ts";
import { embedTask } from "./embed.ts";
import { forgetStaleChunks } from "./forget-stale-chunks.ts";
import { settledBy, type SettleReport } from "./settled.ts";
import { update } from "./update.ts";
import { write } from "./write.ts";
import { enter } from "./cube-access.ts";

/** What became of an `add`. */
export interface AddResult {
  /** Ids of the memories, in the order of the input; valid for ever. */
  readonly ids: readonly string[];
  /** How many of them are new; the others were there already under their external key. */
  readonly added: number;
  /** Pieces of the input that were not taken, with their place and a code. */
  readonly rejected: readonly Rejection[];
  /** Pieces left out on purpose, such as hidden system messages. */
  readonly skipped: number;
  /** Shape that was recognised. */
  readonly format: string;
  /** Position of the last commit; pass it to `search` to read your writes elsewhere. */
  readonly position: Position;
  /** Waits for background work (embedding); never rejects, reports. */
  settled(options?: { readonly signal?: AbortSignal }): Promise<SettleReport>;
}

/**
 * Adds messages, texts, documents or values in any of the shapes the reader knows. Commits in
 * batches of `LIMITS.addBatch`: acknowledged means durable, and each batch is atomic.
 *
 * @throws MemCubeError `MEMCUBE_INVALID_INPUT`, `MEMCUBE_LIMIT_EXCEEDED`, `MEMCUBE_FORBIDDEN`
 */
export async function add(
  cube: OpenCube,
  input: unknown,
  rawOptions: AddOptions = {},
): Promise<AddResult> {
  const options = parseInput(addOptionsSchema, rawOptions, "options");
  return await addRead(cube, read(cube, input, options), options);
}

/** Reads input without writing: what views do once for several cubes. */
export function read(
  { context }: Pick<OpenCube, "context">,
  input: unknown,
  options: ParsedAddOptions,
): ReadResult {
  return readFast(input, {
    now: context.clock.now(),
    newId: () => context.ids.id(),
    ...(options.sessionId === undefined ? {} : { sessionId: options.sessionId }),
    ...(options.speaker === undefined ? {} : { speaker: options.speaker }),
    ...(options.chunkTokens === undefined ? {} : { chunkTokens: options.chunkTokens }),
  });
}

/** Adds what was read already. */
export async function addRead(
  cube: OpenCube,
  result: ReadResult,
  options: ParsedAddOptions,
): Promise<AddResult> {
  const { context } = cube;
  const candidates = await continueSessions(cube, keyed(result.candidates, options.externalKey));
  const ids: string[] = [];
  const taskKeys: string[] = [];
  let added = 0;
  let position: Position | undefined;
  for (let start = 0; start < candidates.length; start += LIMITS.addBatch) {
    options.signal?.throwIfAborted();
    const batch = candidates.slice(start, start + LIMITS.addBatch);
    const key = options.idempotencyKey;
    const outcome = await addBatch(cube, batch, {
      ...options,
      ...(key === undefined ? {} : { idempotencyKey: `${key}#${start}` }),
    });
    ids.push(...outcome.ids);
    taskKeys.push(...outcome.taskKeys);
    added += outcome.added;
    position = outcome.position ?? position;
    options.onProgress?.({
      done: Math.min(candidates.length, ids.length),
      total: candidates.length,
    });
  }
  if (options.onDuplicate === "update") await forgetStaleChunks(cube, candidates);
  return {
    ids,
    added,
    rejected: result.rejected,
    skipped: result.skipped.length,
    format: result.format,
    // Nothing was written: where the cube is, for those who may add to it.
    position: position ?? (await enter(cube, "memory.add")).position,
    settled: async (settle) =>
      await settledBy(context, cube.ref.tenantId, taskKeys, settle?.signal),
  };
}

interface BatchOutcome {
  readonly ids: readonly string[];
  readonly added: number;
  readonly taskKeys: readonly string[];
  readonly position?: Position;
}

async function addBatch(
  cube: OpenCube,
  batch: readonly Candidate[],
  options: ParsedAddOptions,
): Promise<BatchOutcome> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await tryBatch(cube, batch, options);
    } catch (error) {
      // Somebody else added one of the keys between our look and our write: look again.
      const raced = isMemCubeError(error, "MEMCUBE_DUPLICATE_KEY");
      if (!raced || attempt >= LIMITS.conflictRetries) throw error;
    }
  }
}

async function tryBatch(
  cube: OpenCube,
  batch: readonly Candidate[],
  options: ParsedAddOptions,
): Promise<BatchOutcome> {
  const { context } = cube;
  const existing = await existingByKey(cube, batch);
  const seen = new Map<string, string>();
  const fresh: { readonly id: string; readonly candidate: Candidate }[] = [];
  const ids = batch.map((candidate) => {
    const key = candidate.externalKey;
    const known = key === undefined ? undefined : (existing.get(key) ?? seen.get(key));
    if (known !== undefined) return known;
    const id = context.ids.id();
    if (key !== undefined) seen.set(key, id);
    fresh.push({ id, candidate });
    return id;
  });
  const taskKey = context.ids.id();
  const tasks: NewTask[] = [];
  const written = await write(cube, {
    action: "memory.add",
    drafts: () =>
      fresh.map(({ id, candidate }) => addDraft(cube, newContent(cube, id, candidate, options))),
    tasks: (drafts) => {
      tasks.splice(0, tasks.length, ...embedTask(cube, taskKey, drafts));
      return tasks;
    },
    ...(options.idempotencyKey === undefined ? {} : { idempotencyKey: options.idempotencyKey }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  if (options.onDuplicate === "update") await updateExisting(cube, batch, existing);
  if (written === undefined) return { ids, added: 0, taskKeys: [] };
  const { receipt } = written;
  const { position } = receipt;
  if (!receipt.replayed) {
    return { ids, added: fresh.length, taskKeys: tasks.map((task) => task.key), position };
  }
  const body = commitBodySchema.parse(JSON.parse(receipt.body));
  const first = body.changes.flatMap((change) => change.memoryId ?? []);
  return { ids: first, added: 0, taskKeys: [], position };
}

/** Memories of this cube under the external keys of the batch, also those the caller can't see. */
async function existingByKey(
  cube: OpenCube,
  batch: readonly Candidate[],
): Promise<ReadonlyMap<string, string>> {
  const keys = new Set<string>();
  for (const candidate of batch) {
    const key = candidate.externalKey;
    if (key !== undefined) keys.add(key);
  }
  const found = new Map<string, string>();
  if (keys.size === 0) return found;
  const { context, ref } = cube;
  await enter(cube, "memory.add");
  const stored = await context.storage.vault.readByKey(ref, {
    externalKeys: [...keys],
    access: { system: "write" },
  });
  for (const version of stored) {
    const key = toMemory(ref, version).header.externalKey;
    if (key !== undefined) found.set(key, version.id);
  }
  return found;
}

async function updateExisting(
  cube: OpenCube,
  batch: readonly Candidate[],
  existing: ReadonlyMap<string, string>,
): Promise<void> {
  for (const candidate of batch) {
    const key = candidate.externalKey;
    const id = key === undefined ? undefined : existing.get(key);
    if (id !== undefined) {
      await update(cube, id, { payload: { ...candidate.payload } }, { mode: "overwrite" });
    }
  }
}

/** One key for several pieces (a long text is cut into chunks): the later ones get its number. */
function keyed(candidates: readonly Candidate[], key: string | undefined): readonly Candidate[] {
  if (key === undefined) return candidates;
  return candidates.map((candidate, i) => ({
    ...candidate,
    externalKey: i === 0 ? key : `${key}#${i}`,
  }));
}

/** Turns added to a session that is there already come after its last turn. */
async function continueSessions(
  cube: OpenCube,
  candidates: readonly Candidate[],
): Promise<readonly Candidate[]> {
  const sessions = new Set<string>();
  for (const { payload } of candidates) {
    if (payload.type === "turn" && payload.sessionId !== undefined) sessions.add(payload.sessionId);
  }
  const offsets = new Map<string, number>();
  if (sessions.size === 0) return candidates;
  const { context, ref } = cube;
  await enter(cube, "memory.add");
  for (const sessionId of sessions) {
    const page = await context.storage.vault.list(ref, {
      access: { system: "write" },
      filter: { sessionId, types: ["turn"] },
      order: "newest",
      limit: 1,
    });
    const [last] = page.items;
    if (last === undefined) continue;
    const payload = toMemory(ref, last).payload as TurnPayload;
    offsets.set(sessionId, payload.order + 1);
  }
  if (offsets.size === 0) return candidates;
  return candidates.map((candidate) => {
    const { payload } = candidate;
    if (payload.type !== "turn" || payload.sessionId === undefined) return candidate;
    const offset = offsets.get(payload.sessionId) ?? 0;
    return { ...candidate, payload: { ...payload, order: payload.order + offset } };
  });
}
