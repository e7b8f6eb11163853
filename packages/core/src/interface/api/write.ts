import { isMemCubeError, MemCubeError } from "../../errors.ts";
import type { Action, NewTask, Position } from "../../flow/index.ts";
import { commit, findReceipt, type Mutation } from "../../infrastructure/vault/index.ts";
import { LIMITS } from "../../limits.ts";
import { cubeKey, type GovernanceHeader, type MemoryContent } from "../../memory/index.ts";
import { toDocument } from "../../operation/operator/index.ts";
import type { CommitReceipt, PutWrite } from "../../ports/index.ts";
import { backOff } from "./back-off.ts";
import { assertWritable, type OpenCube } from "./context.ts";
import { enter, enterKnown, type Entered } from "./cube-access.ts";
import { retireTasks } from "./retire-task.ts";

/** A version to be written, beside its stored form: what the index is fed with. */
export interface Draft {
  readonly mutation: Mutation;
  /** Left out for writes that are no versions of memories. */
  readonly content?: MemoryContent;
}

export interface WritePlan {
  readonly action: Action;
  /** The memory acted upon, when rules look at its owner. */
  readonly memory?: Pick<GovernanceHeader, "owner">;
  /** Makes the drafts from the cube as it is now; called again after a conflict. */
  readonly drafts: (cube: Entered) => Promise<readonly Draft[]> | readonly Draft[];
  readonly tasks?: (drafts: readonly Draft[]) => readonly NewTask[];
  /** Made by `scopedKey`. */
  readonly idempotencyKey?: string;
  /** The user named an expected version: a conflict is theirs to solve. */
  readonly expectsVersion?: boolean;
  readonly signal?: AbortSignal;
}

/** What came of a plan. */
export interface Written {
  readonly drafts: readonly Draft[];
  /** Left out when there was nothing to write. */
  readonly receipt?: CommitReceipt;
  /** Of the commit, else where the log was. */
  readonly position: Position;
}

/**
 * Writes one commit: authorised against the cube's header as it is, built from what is stored now,
 * and built again when somebody else was faster. What was written before under the idempotency key
 * counts, also where it could not be written any more.
 *
 * The first attempt goes by the header this process knows, which spares asking for it; the commit is
 * refused when that is not the cube's header any more. Whatever else comes of that attempt counts only
 * once the storage has said that the header is still the same.
 *
 * @throws MemCubeError `MEMCUBE_CONFLICT` for an expected version, `MEMCUBE_BUSY` after
 * `LIMITS.conflictRetries` lost races; what {@link enter} and the vault raise
 */
export async function write(cube: OpenCube, plan: WritePlan): Promise<Written> {
  assertWritable(cube);
  const { action, memory, signal } = plan;
  let entered: Entered | undefined = enterKnown(cube, action, memory);
  for (let attempt = 1; ;) {
    signal?.throwIfAborted();
    entered ??= await enter(cube, action, memory);
    const tried = await tryOnce(cube, plan, entered);
    const { receipt, drafts } = tried;
    if (receipt?.replayed === false) return { drafts, receipt, position: receipt.position };

    let { position } = entered;
    if (position === undefined) {
      if ("error" in tried && !tellsOfCube(tried.error)) throw tried.error;
      const now = await enter(cube, action, memory);
      const changed = now.commitment !== entered.commitment;
      entered = now;
      if (changed) continue;
      ({ position } = now);
    }

    if (!("error" in tried)) return { ...tried, position: receipt?.position ?? position };
    if (!lostRace(plan, tried.error)) {
      const first = await writtenBefore(cube, plan, tried.error);
      return { drafts, receipt: first, position: first.position };
    }
    if (attempt >= LIMITS.conflictRetries) throw tooManyRaces(cube.ref.cubeId, tried.error);
    await backOff(cube.context.ids, attempt++, signal);
    entered = undefined;
  }
}

/** One attempt; without receipt and error there was nothing to write. */
interface Tried {
  readonly drafts: readonly Draft[];
  readonly receipt?: CommitReceipt;
  readonly error?: unknown;
}

async function tryOnce(cube: OpenCube, plan: WritePlan, entered: Entered): Promise<Tried> {
  const { context, ref, caller } = cube;
  let drafts: readonly Draft[] = [];
  let tasks: readonly NewTask[] = [];
  let receipt: CommitReceipt;
  try {
    drafts = await plan.drafts(entered);
    if (drafts.length === 0) return { drafts };
    const contents = drafts.flatMap(({ content }) => content ?? []);
    tasks = [...(plan.tasks?.(drafts) ?? []), ...retireTasks(cube, contents)];
    receipt = await commit(context.storage.vault, context.clock, context.ids, {
      cube: ref,
      caller,
      decision: entered.decision,
      under: entered,
      mutations: drafts.map((draft) => draft.mutation),
      tasks,
      ...(plan.idempotencyKey === undefined ? {} : { idempotencyKey: plan.idempotencyKey }),
    });
  } catch (error) {
    return { drafts, error };
  }
  if (!receipt.replayed) afterCommit(cube, receipt, drafts);
  if (tasks.length > 0) context.worker.nudge();
  return { drafts, receipt };
}

/** Whether an error says something about what is in the cube, and not only that it was not reached. */
function tellsOfCube(error: unknown): boolean {
  if (!isMemCubeError(error)) return false;
  return !error.retryable && !/^MEMCUBE_(CLOSED|STORAGE_)/.test(error.code);
}

function lostRace({ expectsVersion }: WritePlan, error: unknown): boolean {
  if (!isMemCubeError(error, "MEMCUBE_CONFLICT")) return false;
  return expectsVersion !== true || error.details["id"] === "@cube";
}

/** The receipt of the first time. @throws `error` when there was no first time */
async function writtenBefore(
  { context, ref }: OpenCube,
  { idempotencyKey }: WritePlan,
  error: unknown,
): Promise<CommitReceipt> {
  const final = isMemCubeError(error) && !error.retryable && error.code !== "MEMCUBE_CLOSED";
  if (idempotencyKey === undefined || !final) throw error;
  const { vault } = context.storage;
  const receipt = await findReceipt(vault, context.clock, ref, idempotencyKey);
  if (receipt === undefined) throw error;
  return receipt;
}

/** Everybody else was faster each time: the same call may succeed when they rest. */
export function tooManyRaces(cubeId: string, cause: unknown): MemCubeError {
  return new MemCubeError(
    "MEMCUBE_BUSY",
    `Cube ${cubeId} is written to so much that ${LIMITS.conflictRetries} attempts were overtaken. Try again.`,
    { cause, details: { cubeId, attempts: LIMITS.conflictRetries } },
  );
}

/** Tells everybody in this process: the index, the caches, the keeper of the log. */
function afterCommit(cube: OpenCube, receipt: CommitReceipt, drafts: readonly Draft[]): void {
  const { context, ref } = cube;
  const { indexes, memories, embedder } = context.operator;
  for (const { mutation } of drafts) {
    if (mutation.write.op === "cube") context.headers.delete(cubeKey(ref));
    if (mutation.change.memoryId !== undefined) memories.delete(ref, mutation.change.memoryId);
  }
  const documents = drafts.flatMap((draft) => documentOf(draft, receipt.position.seq));
  // A changed memory may keep a vector that only the storage has: then the log brings it.
  const added = drafts.every(({ mutation }) => mutation.change.op === "add");
  indexes.feed(ref, receipt.position, {
    documents,
    removed: drafts.flatMap(removedBy),
    partial: embedder !== undefined && documents.length > 0 && !added,
  });
  forgetUsage(cube, drafts);
  context.keeper.note(ref);
}

function documentOf({ mutation, content }: Draft, fromSeq: number) {
  if (content === undefined || mutation.write.op !== "put") return [];
  const { version, commitment, index } = mutation.write satisfies PutWrite;
  const memory = { ...content, version: { number: version, fromSeq, commitment } };
  const document = toDocument(memory, index.visibility);
  return document === undefined ? [] : [document];
}

/** Uses that are not written yet go with the erased memory. */
function forgetUsage({ context, ref }: OpenCube, drafts: readonly Draft[]): void {
  const erased: string[] = [];
  for (const { mutation } of drafts) {
    const { write: one } = mutation;
    if (one.op === "erase") erased.push(one.id);
    else if (one.op === "put" && one.expectedVersion === 0) context.usage.welcome(ref, one.id);
  }
  if (erased.length > 0) void context.usage.forget(ref, erased);
}

/** Ids that search no longer finds after the write. */
function removedBy(draft: Draft): string[] {
  const { write } = draft.mutation;
  if (write.op === "erase") return [write.id];
  if (write.op !== "put" || draft.content === undefined) return [];
  return documentOf(draft, 0).length === 0 ? [write.id] : [];
}
