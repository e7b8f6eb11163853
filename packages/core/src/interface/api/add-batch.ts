import { isMemCubeError } from "../../errors.ts";
import { commitBodySchema, type NewTask, type Position } from "../../flow/index.ts";
import { putMutation } from "../../infrastructure/vault/index.ts";
import { LIMITS } from "../../limits.ts";
import { canonicalJson, sha256Hex, type MemoryContent } from "../../memory/index.ts";
import { versionIndexOf } from "../../operation/operator/index.ts";
import type { CommitReceipt } from "../../ports/index.ts";
import type { Candidate } from "../reader/index.ts";
import { backOff } from "./back-off.ts";
import type { OpenCube } from "./context.ts";
import type { Entered } from "./cube-access.ts";
import { embedTask } from "./embed.ts";
import { duplicateKey, giveUpKey, keyHolders, keyLines, type KeyHolder } from "./key-holders.ts";
import { inTurnForAll } from "./in-turn.ts";
import { addDraft, assertSize, newContent, type ParsedAddOptions } from "./new-memory.ts";
import { refreshed } from "./refreshed.ts";
import { orderTurns, type SessionOrders } from "./session-orders.ts";
import { tooManyRaces, write, type Draft } from "./write.ts";

export interface BatchInput {
  readonly candidates: readonly Candidate[];
  readonly options: ParsedAddOptions;
  /** Where the sessions of earlier batches go on. */
  readonly orders: SessionOrders;
  /** Made by `scopedKey`. */
  readonly idempotencyKey?: string;
  /** Whether what was forgotten stays so when its key comes again. @default false: the key is free */
  readonly keepsForgotten?: boolean;
}

export interface BatchOutcome {
  /** In the order of the candidates. */
  readonly ids: readonly string[];
  readonly added: number;
  readonly taskKeys: readonly string[];
  readonly orders: SessionOrders;
  readonly position: Position;
}

/**
 * Writes one batch of an input in one commit: new memories, and changed ones known by their key. Changes
 * under one key by this process stand in line, so that the last one asked for is the last one written.
 */
export async function addBatch(cube: OpenCube, input: BatchInput): Promise<BatchOutcome> {
  const { candidates, options } = input;
  if (options.onDuplicate === "skip") return await addUntilWritten(cube, input);
  const keys = candidates.flatMap(({ externalKey }) => externalKey ?? []);
  return await inTurnForAll(cube.context, keyLines(cube, keys), () => addUntilWritten(cube, input));
}

async function addUntilWritten(cube: OpenCube, input: BatchInput): Promise<BatchOutcome> {
  const { signal } = input.options;
  for (let attempt = 1; ; attempt++) {
    try {
      return await tryBatch(cube, input);
    } catch (error) {
      // Somebody else added one of the keys between our look and our write: look again.
      const raced = isMemCubeError(error, "MEMCUBE_DUPLICATE_KEY") && "id" in error.details;
      if (!raced) throw error;
      if (attempt >= LIMITS.conflictRetries) throw tooManyRaces(cube.ref.cubeId, undefined);
      await backOff(cube.context.ids, attempt, signal);
      signal?.throwIfAborted();
    }
  }
}

async function tryBatch(cube: OpenCube, input: BatchInput): Promise<BatchOutcome> {
  const { options, idempotencyKey } = input;
  const { context, ref } = cube;
  // The same for a repeated call, so that it waits for the task of the first.
  const taskKey =
    idempotencyKey === undefined
      ? context.ids.id()
      : sha256Hex(canonicalJson([ref.tenantId, ref.cubeId, idempotencyKey]));
  let plan: BatchPlan = {
    ids: [],
    known: [],
    drafts: [],
    embedded: [],
    added: 0,
    orders: input.orders,
  };
  let tasks: readonly NewTask[] = [];
  const written = await write(cube, {
    action: "memory.add",
    drafts: async (entered) => {
      plan = await planBatch(cube, entered, input);
      return plan.drafts;
    },
    tasks: () => (tasks = embedTask(cube, taskKey, plan.embedded)),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const { ids, added, orders } = plan;
  const { receipt, position } = written;
  if (receipt === undefined) return { ids, added: 0, taskKeys: [], orders, position };
  const taskKeys = tasks.map((task) => task.key);
  if (!receipt.replayed) return { ids, added, taskKeys, orders, position };
  return { ids: idsOfFirst(plan, receipt), added: 0, taskKeys, orders: input.orders, position };
}

interface BatchPlan {
  /** By candidate. */
  readonly ids: readonly string[];
  /** By candidate: whether a memory has its key already. */
  readonly known: readonly boolean[];
  readonly drafts: readonly Draft[];
  /** Those whose payload is new. */
  readonly embedded: readonly Draft[];
  readonly added: number;
  readonly orders: SessionOrders;
}

async function planBatch(
  cube: OpenCube,
  state: Entered,
  { candidates, options, orders, keepsForgotten = false }: BatchInput,
): Promise<BatchPlan> {
  const keys = new Set(candidates.flatMap(({ externalKey }) => externalKey ?? []));
  const holders = await keyHolders(cube, state, [...keys]);
  const ids: string[] = [];
  const known: boolean[] = [];
  const fresh: { readonly id: string; readonly candidate: Candidate }[] = [];
  const drafts: Draft[] = [];
  const embedded: Draft[] = [];
  for (const candidate of candidates) {
    const key = candidate.externalKey;
    const holder = key === undefined ? undefined : holders.get(key);
    const forgotten = keepsForgotten && isForgotten(holder);
    const stays = holder !== undefined && (!holder.gone || forgotten);
    if (stays && !holder.known) throw duplicateKey(candidate.position);
    known.push(stays);
    if (!stays) {
      const id = cube.context.ids.id();
      ids.push(id);
      fresh.push({ id, candidate });
      if (holder !== undefined) drafts.push(giveUpKey(cube, holder));
      continue;
    }
    ids.push(holder.memory.header.id);
    if (options.onDuplicate === "skip" || forgotten) continue;
    const content = refreshed(cube, state, holder.memory, candidate, options);
    if (content === undefined) continue;
    const draft = updateDraft(cube, holder, content);
    drafts.push(draft);
    if (content.header.fingerprint !== holder.memory.header.fingerprint) embedded.push(draft);
  }
  const ordered = await orderTurns(
    cube,
    fresh.map(({ candidate }) => candidate),
    orders,
  );
  for (const [i, candidate] of ordered.candidates.entries()) {
    const id = fresh[i]?.id ?? "";
    const draft = addDraft(cube, newContent(cube, id, candidate, options));
    drafts.push(draft);
    embedded.push(draft);
  }
  return { ids, known, drafts, embedded, added: fresh.length, orders: ordered.orders };
}

/** Forgotten, and the caller's to know: a stranger's is as if it were not there. */
function isForgotten(holder: KeyHolder | undefined): boolean {
  return holder?.known === true && holder.memory.header.state === "forgotten";
}

function updateDraft(cube: OpenCube, { memory }: KeyHolder, content: MemoryContent): Draft {
  assertSize(content);
  const mutation = putMutation(cube.context.ids, {
    op: "update",
    content,
    expectedVersion: memory.version.number,
    index: versionIndexOf(content),
  });
  return { mutation, content };
}

/**
 * Ids that the first call under this idempotency key gave: a candidate known by its key has that
 * memory's, the others those that the first commit added, which are in the order of the input.
 */
function idsOfFirst({ ids, known }: BatchPlan, { body }: CommitReceipt): readonly string[] {
  const { changes } = commitBodySchema.parse(JSON.parse(body));
  const added = changes.flatMap(({ op, memoryId }) => (op === "add" ? (memoryId ?? []) : []));
  if (ids.length === 0) return added;
  const byKey = new Set(ids.filter((_, i) => known[i]));
  const others = added.filter((id) => !byKey.has(id)).values();
  return ids.flatMap((id, i) => (known[i] === true ? id : (others.next().value ?? [])));
}
