import { z } from "zod";

import { MemCubeError } from "../../../errors.ts";
import { kvStateSchema, loraFileSchema, type KvState, type LoraFile } from "../../../flow/index.ts";
import { cubeBlob, dropLater, ownContent, toMemory } from "../../../infrastructure/vault/index.ts";
import { LIMITS } from "../../../limits.ts";
import {
  LIVE_STATES,
  sha256Hex,
  type Memory,
  type MemoryContent,
  type MemoryRef,
  type Payload,
  type Principal,
} from "../../../memory/index.ts";
import { assertNotFrozen } from "../../../operation/lifecycle/index.ts";
import { changeMemory } from "../change-memory.ts";
import { assertWritable, type OpenCube } from "../context.ts";
import { enter, memoryNotFound } from "../cube-access.ts";
import { get } from "../get.ts";
import { addDraft, newContent, type ParsedAddOptions } from "../new-memory.ts";
import { addOptionsSchema, idSchema, parseInput } from "../options.ts";
import { write } from "../write.ts";
import { demoteStale, demoteTask } from "./drop-states.ts";

const sourceSchema = z.strictObject({ id: idSchema, version: z.int().min(1) });
const promoteSchema = addOptionsSchema
  .pick({ tags: true, priority: true, expiresAt: true, activation: true, note: true, signal: true })
  .extend({
    /** What the text was made of: memories of this cube, at the versions that were read. */
    sources: z.array(sourceSchema).min(1).max(LIMITS.edges),
  });
export type PromoteOptions = z.input<typeof promoteSchema>;

const keepLoraSchema = promoteSchema.extend({
  sources: z.array(sourceSchema).max(LIMITS.edges).default([]),
  /** Writes a new version of this LoRA instead of a new memory; the file of the old one stays. */
  replaces: idSchema.optional(),
  expectedVersion: z.int().min(1).optional(),
});
export type KeepLoraOptions = z.input<typeof keepLoraSchema>;

/**
 * Keeps a KV state as an activation memory of this cube (MemOS 2507.03724 section 4.1, plaintext to
 * activation): a manifest over pages in the blob store, derived from its sources. Whoever may read it must
 * be allowed to read each source; it is gone when one of them is changed or erased.
 *
 * @throws MemCubeError `MEMCUBE_FORBIDDEN`; `MEMCUBE_MEMORY_NOT_FOUND` for a source that is not there or that
 * the caller may not see; `MEMCUBE_CONFLICT` for one that has another version by now
 */
export async function promote(
  cube: OpenCube,
  rawState: KvState,
  rawOptions: PromoteOptions,
): Promise<Memory> {
  return await keepState(cube, rawState, rawOptions);
}

/**
 * The same, for the caller alone and under a key that a cube has once: what is promoted by itself.
 *
 * @throws MemCubeError as {@link promote}; `MEMCUBE_DUPLICATE_KEY` when it is there
 */
export async function keepState(
  cube: OpenCube,
  rawState: KvState,
  rawOptions: PromoteOptions,
  own: { readonly externalKey?: string; readonly allow?: readonly Principal[] } = {},
): Promise<Memory> {
  const { pages, ...state } = parseInput(kvStateSchema, rawState, "state");
  const options = parseInput(promoteSchema, rawOptions, "options");
  return await keep(cube, { parts: pages, options, own }, (blobs, sizeBytes) => ({
    type: "kv-state",
    ...state,
    pages: blobs,
    sizeBytes,
  }));
}

/**
 * Keeps a LoRA file as a parameter memory of this cube. It is not checked here: who knows the base model
 * checks it before use.
 *
 * @throws MemCubeError as {@link promote}
 */
export async function keepLora(
  cube: OpenCube,
  rawFile: LoraFile,
  rawOptions: KeepLoraOptions = {},
): Promise<Memory> {
  const { bytes, ...file } = parseInput(loraFileSchema, rawFile, "file");
  const options = parseInput(keepLoraSchema, rawOptions, "options");
  // INVARIANT: no two keeps point to one blob: erasing a LoRA can't take the file of one of equal bytes.
  const parts = [ownContent(cube.context.ids.id(), bytes)];
  return await keep(cube, { parts, options }, ([blob = ""], sizeBytes) => ({
    type: "lora",
    ...file,
    file: blob,
    sizeBytes,
  }));
}

interface Kept {
  readonly parts: readonly Uint8Array[];
  readonly options: z.output<typeof promoteSchema> & Partial<z.output<typeof keepLoraSchema>>;
  readonly own?: Parameters<typeof keepState>[3];
}

async function keep(
  cube: OpenCube,
  { parts, options, own = {} }: Kept,
  payloadOf: (blobs: string[], sizeBytes: number) => Payload,
): Promise<Memory> {
  assertWritable(cube);
  await enter(cube, "memory.add");
  const { context, ref } = cube;
  const { sources: wanted, signal, replaces, expectedVersion, ...rest } = options;
  const sources = await readSources(cube, wanted);
  const blobs = parts.map((part) => cubeBlob(ref, part));
  const hashes = blobs.map(sha256Hex);
  const now = context.clock.now();
  // Should we die before the commit, nothing points to them, and this takes them away.
  await dropLater(context.storage.queue, ref, hashes, now);
  for (const blob of blobs) {
    signal?.throwIfAborted();
    await context.storage.blobs.put(ref.tenantId, blob);
  }
  const sizeBytes = blobs.reduce((sum, { length }) => sum + length, 0);
  const id = context.ids.id();
  const payload = payloadOf(hashes, sizeBytes);
  const made = { payload, sources: [], externalKey: own.externalKey };
  const parsed: ParsedAddOptions = addOptionsSchema.parse({
    ...rest,
    ...visibilityOfAll(sources),
    ...own,
    edges: sources.map(({ header, version }) => ({
      type: "derived-from",
      to: { cubeId: header.cubeId, id: header.id } satisfies MemoryRef,
      toVersion: version.number,
    })),
  });
  if (replaces !== undefined) {
    return await changeMemory(cube, replaces, {
      action: "memory.update",
      op: "update",
      ...(signal === undefined ? {} : { signal }),
      ...(expectedVersion === undefined ? {} : { expectedVersion }),
      next: (current) => nextVersion(current, newContent(cube, replaces, made, parsed)),
    });
  }
  await write(cube, {
    action: "memory.add",
    ...(signal === undefined ? {} : { signal }),
    drafts: () => [addDraft(cube, newContent(cube, id, made, parsed))],
    tasks: () => (payload.type === "kv-state" ? [demoteTask(ref, id, [id])] : []),
  });
  // A source may have changed between our look and the commit; the task looks again after a crash.
  const stale = payload.type === "kv-state" ? await demoteStale(context, ref, [id]) : [];
  const memory = stale.length > 0 ? undefined : await get(cube, id);
  if (memory === undefined) throw sourceChanged(ref.cubeId, id);
  return memory;
}

/** Another file under the header there is: lists, owner and labels are not the file's. */
function nextVersion(current: Memory, made: MemoryContent): MemoryContent {
  assertNotFrozen(current.header);
  if (current.payload.type !== made.payload.type) {
    const { id } = current.header;
    throw new MemCubeError("MEMCUBE_INVALID_INPUT", `Memory ${id} is no LoRA.`, {
      details: { id },
    });
  }
  const { fingerprint, updatedAt } = made.header;
  return {
    header: {
      ...current.header,
      fingerprint,
      updatedAt: Math.max(updatedAt, current.header.updatedAt),
    },
    payload: made.payload,
    edges: made.edges,
    ...(made.note === undefined ? {} : { note: made.note }),
  };
}

async function readSources(
  { context, ref, principals }: OpenCube,
  wanted: readonly { readonly id: string; readonly version: number }[],
): Promise<readonly Memory[]> {
  const ids = wanted.map(({ id }) => id);
  const query = { ids, access: { principals }, now: context.clock.now() };
  const stored = ids.length === 0 ? [] : await context.storage.vault.read(ref, query);
  const found = new Map(stored.map((each) => [each.id, toMemory(ref, each)]));
  return wanted.map(({ id, version }) => {
    const memory = found.get(id);
    if (memory === undefined || !LIVE_STATES.includes(memory.header.state)) {
      throw memoryNotFound(ref.cubeId, id);
    }
    if (memory.version.number !== version) throw sourceChanged(ref.cubeId, id);
    return memory;
  });
}

/** Who may see every source: those whom all lists allow and none denies. */
export function visibilityOfAll(sources: readonly Pick<Memory, "header">[]): {
  readonly allow?: readonly Principal[];
  readonly deny?: readonly Principal[];
} {
  const lists = sources.flatMap(({ header }) =>
    header.allow === undefined ? [] : [[header.owner, ...header.allow]],
  );
  const [first, ...others] = lists;
  const allow = first?.filter((one) => others.every((list) => list.includes(one)));
  const deny = [...new Set(sources.flatMap(({ header }) => header.deny ?? []))];
  return {
    ...(allow === undefined ? {} : { allow: [...new Set(allow)] }),
    ...(deny.length === 0 ? {} : { deny }),
  };
}

function sourceChanged(cubeId: string, id: string): MemCubeError {
  return new MemCubeError(
    "MEMCUBE_CONFLICT",
    `A source of the state has changed since it was read (${id}). Read it again and make the state anew.`,
    { details: { cubeId, id } },
  );
}
