import { isMemCubeError, MemCubeError } from "../../errors.ts";
import type { Action, NewTask } from "../../flow/index.ts";
import { commit, findReceipt, type Mutation } from "../../infrastructure/vault/index.ts";
import { LIMITS } from "../../limits.ts";
import type { GovernanceHeader, MemoryContent } from "../../memory/index.ts";
import { toDocument } from "../../operation/operator/index.ts";
import type { CommitReceipt, PutWrite } from "../../ports/index.ts";
import { backOff } from "./back-off.ts";
import { assertWritable, type OpenCube } from "./context.ts";
import { enter, type CubeState } from "./cube-access.ts";

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
  /** The cube as the operation has entered it for this action: spares the first attempt a look. */
  readonly state?: CubeState;
  /** Makes the drafts from the cube as it is now; called again after a conflict. */
  readonly drafts: (state: CubeState) => Promise<readonly Draft[]> | readonly Draft[];
  readonly tasks?: (drafts: readonly Draft[]) => readonly NewTask[];
  /** Made by `scopedKey`. */
  readonly idempotencyKey?: string;
  /** The user named an expected version: a conflict is theirs to solve. */
  readonly expectsVersion?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Writes one commit: authorised against the cube's header as it is, built from what is stored now,
 * and built again when somebody else was faster. `undefined` when there was nothing to write. What was
 * written before under the idempotency key counts, also where it could not be written any more.
 *
 * @throws MemCubeError `MEMCUBE_CONFLICT` for an expected version, `MEMCUBE_BUSY` after
 * `LIMITS.conflictRetries` lost races; what {@link enter} and the vault raise
 */
export async function write(
  cube: OpenCube,
  plan: WritePlan,
): Promise<{ receipt: CommitReceipt; drafts: readonly Draft[] } | undefined> {
  assertWritable(cube);
  const { context, ref, caller } = cube;
  let entered = plan.state;
  for (let attempt = 1; ; attempt++) {
    plan.signal?.throwIfAborted();
    const state = entered ?? (await enter(cube, plan.action, plan.memory));
    entered = undefined;
    let drafts: readonly Draft[] = [];
    try {
      drafts = await plan.drafts(state);
      if (drafts.length === 0) return undefined;
      const tasks = plan.tasks?.(drafts) ?? [];
      const receipt = await commit(context.storage.vault, context.clock, context.ids, {
        cube: ref,
        caller,
        decision: state.decision,
        cubeVersion: state.version,
        mutations: drafts.map((draft) => draft.mutation),
        tasks,
        ...(plan.idempotencyKey === undefined ? {} : { idempotencyKey: plan.idempotencyKey }),
      });
      if (!receipt.replayed) afterCommit(cube, receipt, drafts);
      if (tasks.length > 0) context.worker.nudge();
      return { receipt, drafts };
    } catch (error) {
      const lost = isMemCubeError(error, "MEMCUBE_CONFLICT");
      const again = lost && (plan.expectsVersion !== true || error.details["id"] === "@cube");
      if (again && attempt >= LIMITS.conflictRetries) throw tooManyRaces(ref.cubeId, error);
      if (!again) {
        const receipt = await writtenBefore(cube, plan, error);
        return { receipt, drafts };
      }
      await backOff(context.ids, attempt, plan.signal);
    }
  }
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
