import { MemCubeError } from "../../errors.ts";
import type { Position } from "../../flow/index.ts";
import { LIMITS } from "../../limits.ts";
import { pathOf } from "../../memory/index.ts";
import {
  partKey,
  readFast,
  type Candidate,
  type ReadResult,
  type Rejection,
} from "../reader/index.ts";
import { addBatch } from "./add-batch.ts";
import { batchSize } from "./batch-size.ts";
import { assertWritable, type OpenCube } from "./context.ts";
import { enter } from "./cube-access.ts";
import { forgetStaleParts } from "./forget-stale-parts.ts";
import type { ParsedAddOptions } from "./new-memory.ts";
import { addOptionsSchema, parseInput, type AddOptions } from "./options.ts";
import { scopedKey } from "./scoped-key.ts";
import type { SessionOrders } from "./session-orders.ts";
import { settledBy, type SettleReport } from "./settled.ts";

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
 * batches of `LIMITS.addBatch`, or what the storage prefers: acknowledged means durable, and each batch is
 * atomic. When a later batch fails, `onProgress` has told the ids of the earlier ones. A key of a memory that
 * was forgotten or has expired is free again.
 *
 * @throws MemCubeError `MEMCUBE_INVALID_INPUT`, `MEMCUBE_LIMIT_EXCEEDED`, `MEMCUBE_FORBIDDEN`,
 * `MEMCUBE_DUPLICATE_KEY` (a memory that the caller may not see has the key)
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

/**
 * Adds what was read already.
 *
 * @param operation names the caller's deed, so that the idempotency keys of two deeds never meet
 */
export async function addRead(
  cube: OpenCube,
  result: ReadResult,
  options: ParsedAddOptions,
  operation: "add" | "absorb" = "add",
): Promise<AddResult> {
  const { context } = cube;
  const { signal, idempotencyKey } = options;
  signal?.throwIfAborted();
  assertWritable(cube);
  const candidates = keyed(result.candidates, options.externalKey);
  const ids: string[] = [];
  const taskKeys: string[] = [];
  let added = 0;
  let position: Position | undefined;
  let orders: SessionOrders = new Map();
  const size = batchSize(context);
  for (let start = 0; start < candidates.length; start += size) {
    signal?.throwIfAborted();
    const outcome = await addBatch(cube, {
      candidates: candidates.slice(start, start + size),
      options,
      orders,
      // A conversation comes again and again; what was forgotten of it does not come back.
      keepsForgotten: operation === "absorb",
      ...(idempotencyKey === undefined
        ? {}
        : { idempotencyKey: scopedKey(cube, operation, idempotencyKey, start) }),
    });
    ids.push(...outcome.ids);
    taskKeys.push(...outcome.taskKeys);
    added += outcome.added;
    orders = outcome.orders;
    ({ position } = outcome);
    options.onProgress?.({ done: ids.length, total: candidates.length, ids: outcome.ids });
  }
  if (options.onDuplicate === "update") {
    position = (await forgetStaleParts(cube, candidates, signal)) ?? position;
  }
  // An input of which nothing could be read has asked nobody yet.
  position ??= (await enter(cube, "memory.add")).position;
  return {
    ids,
    added,
    rejected: result.rejected,
    skipped: result.skipped.length,
    format: result.format,
    position,
    settled: async (settle) =>
      await settledBy(context, cube.ref.tenantId, taskKeys, settle?.signal),
  };
}

/**
 * One key for several pieces (a long text is cut into chunks): the later ones get the numbers of
 * parts. A text without an address is the document of that key.
 */
function keyed(candidates: readonly Candidate[], key: string | undefined): readonly Candidate[] {
  if (key === undefined) return candidates;
  const longest = partKey(key, candidates.length);
  if (candidates.length > 1 && longest.length > LIMITS.idChars) {
    throw new MemCubeError(
      "MEMCUBE_INVALID_INPUT",
      `options.externalKey: the input becomes ${candidates.length} memories, whose keys would be longer than ${LIMITS.idChars} characters.`,
      { details: { limit: LIMITS.idChars, actual: longest.length } },
    );
  }
  if (candidates.some(({ payload }) => pathOf(payload) !== undefined)) {
    throw new MemCubeError(
      "MEMCUBE_INVALID_INPUT",
      "options.externalKey: a value with a path has the key of its path.",
    );
  }
  return candidates.map((candidate, part) => {
    const { payload, sources } = candidate;
    const addressed = payload.type !== "document" || payload.uri !== undefined;
    return {
      ...candidate,
      externalKey: part === 0 ? key : partKey(key, part),
      sources: addressed ? sources : sources.map((source) => ({ ...source, id: key })),
    };
  });
}
