import { MemCubeError } from "../../errors.ts";
import type { Action } from "../../flow/index.ts";
import { putMutation, toMemory } from "../../infrastructure/vault/index.ts";
import { cubeKey, type Memory, type MemoryContent } from "../../memory/index.ts";
import { versionIndexOf } from "../../operation/operator/index.ts";
import type { OpenCube } from "./context.ts";
import { memoryNotFound, type Entered } from "./cube-access.ts";
import { embedTask } from "./embed.ts";
import { inTurn } from "./in-turn.ts";
import { assertSize, defined } from "./new-memory.ts";
import { scopedKey } from "./scoped-key.ts";
import { write } from "./write.ts";

export interface MemoryChange {
  readonly action: Action;
  readonly op: "update" | "rollback" | "transition" | "forget";
  readonly expectedVersion?: number;
  readonly restored?: number;
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
  /** The next content; `undefined` when nothing changes. May ask the state for further rights. */
  readonly next: (
    current: Memory,
    state: Entered,
  ) => Promise<MemoryContent | undefined> | MemoryContent | undefined;
}

/**
 * Reads a memory, makes its next version and commits it, again if somebody else was faster.
 * Returns the memory as it is afterwards; under an idempotency key that was used before, as it is now.
 * Changes of one memory by this process stand in line.
 *
 * @throws MemCubeError `MEMCUBE_MEMORY_NOT_FOUND` when there is none that the caller may see,
 * `MEMCUBE_CONFLICT` when the current version is not the expected one, `MEMCUBE_BUSY`
 */
export async function changeMemory(
  cube: OpenCube,
  id: string,
  change: MemoryChange,
): Promise<Memory> {
  const line = JSON.stringify([cubeKey(cube.ref), id]);
  return await inTurn(cube.context, line, async () => await changeNow(cube, id, change));
}

async function changeNow(cube: OpenCube, id: string, change: MemoryChange): Promise<Memory> {
  let result: Memory | undefined;
  const taskKey = cube.context.ids.id();
  const written = await write(cube, {
    action: change.action,
    expectsVersion: change.expectedVersion !== undefined,
    ...(change.idempotencyKey === undefined
      ? {}
      : { idempotencyKey: scopedKey(cube, change.action, change.idempotencyKey, id) }),
    ...(change.signal === undefined ? {} : { signal: change.signal }),
    drafts: async (state) => {
      const current = await readVisible(cube, id);
      assertExpected(current, change.expectedVersion);
      result = current;
      const changed = await change.next(current, state);
      if (changed === undefined) return [];
      const content = sameIdentity(current, changed);
      assertSize(content);
      const mutation = putMutation(cube.context.ids, {
        op: change.op,
        content,
        expectedVersion: current.version.number,
        index: versionIndexOf(content),
        ...(change.restored === undefined ? {} : { restored: change.restored }),
      });
      return [{ mutation, content }];
    },
    tasks: (drafts) =>
      drafts[0]?.content?.header.fingerprint === result?.header.fingerprint
        ? []
        : embedTask(cube, taskKey, drafts),
  });
  const [draft] = written.drafts;
  if (written.receipt?.replayed === true) return await readVisible(cube, id);
  if (draft?.content === undefined) return result ?? (await readVisible(cube, id));
  const { content, mutation } = draft;
  if (mutation.write.op !== "put") throw new TypeError("a change writes a version");
  const { version, commitment } = mutation.write;
  const { seq } = written.position;
  return {
    header: content.header,
    payload: content.payload,
    edges: content.edges,
    version: { number: version, fromSeq: seq, commitment },
  };
}

/**
 * What a memory is called stays as it is now, also when an earlier version comes back: its key may
 * have gone to another memory meanwhile.
 */
function sameIdentity(current: Memory, content: MemoryContent): MemoryContent {
  const { id, tenantId, cubeId, externalKey } = current.header;
  const updatedAt = Math.floor(content.header.updatedAt);
  const header = { ...content.header, id, tenantId, cubeId, externalKey, updatedAt };
  return { ...content, header: defined(header) };
}

/** The current version, if this caller may see it. @throws MemCubeError `MEMCUBE_MEMORY_NOT_FOUND` */
export async function readVisible(cube: OpenCube, id: string): Promise<Memory> {
  const { context, ref, principals } = cube;
  const now = context.clock.now();
  const [stored] = await context.storage.vault.read(ref, {
    ids: [id],
    access: { principals },
    now,
  });
  if (stored === undefined) throw memoryNotFound(ref.cubeId, id);
  return toMemory(ref, stored);
}

/** @throws MemCubeError `MEMCUBE_CONFLICT` */
export function assertExpected(memory: Memory, expected: number | undefined): void {
  const actual = memory.version.number;
  if (expected === undefined || expected === actual) return;
  throw new MemCubeError(
    "MEMCUBE_CONFLICT",
    `Memory ${memory.header.id} is at version ${actual}, not ${expected}. Read it again and decide anew.`,
    { details: { id: memory.header.id, expected, actual } },
  );
}
