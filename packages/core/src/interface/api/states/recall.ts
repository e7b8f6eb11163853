import { emit } from "../../../events.ts";
import type { KvState, LoraFile, StateRefusal } from "../../../flow/index.ts";
import { readCubeBlob, toMemory, withoutName } from "../../../infrastructure/vault/index.ts";
import { LIVE_STATES, type Memory, type Payload } from "../../../memory/index.ts";
import type { OpenCube } from "../context.ts";
import { enter } from "../cube-access.ts";
import { idSchema, parseInput } from "../options.ts";
import { demoteTask, sourcesAreSame } from "./drop-states.ts";

export interface RecallOptions {
  /** SHA-256 of the model it is for: another model's is refused before its bytes are read. */
  readonly modelSha256?: string;
}

export interface RecallStateOptions extends RecallOptions {
  /** `engine.states.engineKey` of the engine it is for: another one's is refused before its bytes are read. */
  readonly engineKey?: string;
}

/** A state to be given to an engine, or why it can't be. */
export type Recalled =
  | { readonly state: KvState; readonly refused?: undefined }
  | { readonly state?: undefined; readonly refused: StateRefusal };

/** A LoRA file, or why there is none. */
export type RecalledLora =
  | { readonly lora: LoraFile; readonly refused?: undefined }
  | { readonly lora?: undefined; readonly refused: StateRefusal };

/**
 * The KV state of an activation memory, its pages verified. `undefined` when there is none that the caller
 * may see, which is also so when there is a source that the caller may not see. A state whose source
 * has changed is refused, and erased soon after.
 */
export async function recallState(
  cube: OpenCube,
  id: string,
  { modelSha256, engineKey }: RecallStateOptions = {},
): Promise<Recalled | undefined> {
  const memory = await visible(cube, id, "kv-state");
  if (memory === undefined) return undefined;
  const { header, payload } = memory;
  if (payload.modelSha256 !== (modelSha256 ?? payload.modelSha256)) {
    return { refused: "foreign-model" };
  }
  if (payload.engineKey !== (engineKey ?? payload.engineKey)) return { refused: "foreign-engine" };
  if (!(await sourcesAreSame(cube.context, cube.ref, memory))) {
    void demoteSoon(cube, header.id);
    return { refused: "source-changed" };
  }
  const { pages: hashes, type: _, sizeBytes: __, ...rest } = payload;
  const pages = await readAll(cube, hashes);
  return typeof pages === "string" ? { refused: pages } : { state: { ...rest, pages } };
}

/** The LoRA file of a parameter memory; `undefined` as for {@link recallState}. */
export async function recallLora(
  cube: OpenCube,
  id: string,
  { modelSha256 }: RecallOptions = {},
): Promise<RecalledLora | undefined> {
  const memory = await visible(cube, id, "lora");
  if (memory === undefined) return undefined;
  const { file, type: _, sizeBytes: __, ...rest } = memory.payload;
  if (rest.baseModelSha256 !== (modelSha256 ?? rest.baseModelSha256)) {
    return { refused: "foreign-model" };
  }
  const parts = await readAll(cube, [file]);
  if (typeof parts === "string") return { refused: parts };
  const [own = new Uint8Array()] = parts;
  return { lora: { ...rest, bytes: withoutName(own) } };
}

/** The version of a LoRA that the caller may use now; `undefined` as for {@link recallLora}. */
export async function usableLora(cube: OpenCube, id: string): Promise<number | undefined> {
  return (await visible(cube, id, "lora"))?.version.number;
}

type MemoryOf<Type extends Payload["type"]> = Memory & {
  readonly payload: Extract<Payload, { type: Type }>;
};

/** The memory, when it is alive and the caller may see it and everything it was made from. */
async function visible<Type extends "kv-state" | "lora">(
  cube: OpenCube,
  id: string,
  type: Type,
): Promise<MemoryOf<Type> | undefined> {
  parseInput(idSchema, id, "id");
  await enter(cube, "memory.read");
  const { context, ref, principals } = cube;
  const { vault } = context.storage;
  const access = { principals };
  const now = context.clock.now();
  const [stored] = await vault.read(ref, { ids: [id], access, now });
  if (stored === undefined) return undefined;
  const memory = toMemory(ref, stored);
  if (!isOf(memory, type) || !LIVE_STATES.includes(memory.header.state)) return undefined;
  if (!(await seesAll(cube, sourceIds(memory)))) return undefined;
  context.usage.add([{ cube: ref, id, reads: 1, at: now }]);
  return memory;
}

function isOf<Type extends Payload["type"]>(memory: Memory, type: Type): memory is MemoryOf<Type> {
  return memory.payload.type === type;
}

/**
 * Whether the caller sees all of them. One that is gone hides nothing: that the state is stale is told by its
 * versions.
 */
export async function seesAll(
  { context, ref, principals }: OpenCube,
  ids: readonly string[],
): Promise<boolean> {
  if (ids.length === 0) return true;
  const { vault } = context.storage;
  const seen = await vault.read(ref, { ids, access: { principals } });
  if (seen.length === ids.length) return true;
  const there = await vault.read(ref, { ids, access: { system: "write" } });
  return there.length === seen.length;
}

/** What a state or LoRA was made from. */
export function sourceIds({ edges }: Pick<Memory, "edges">): string[] {
  return edges.flatMap((edge) => (edge.type === "derived-from" ? edge.to.id : []));
}

async function readAll(
  { context, ref }: OpenCube,
  hashes: readonly string[],
): Promise<Uint8Array[] | "bytes-missing" | "bytes-damaged"> {
  const parts: Uint8Array[] = [];
  for (const hash of hashes) {
    const part = await readCubeBlob(context.storage.blobs, ref, hash);
    if (typeof part === "string") return part;
    parts.push(part);
  }
  return parts;
}

/** Has the background look whether a state's sources have changed, and erase it then. */
export async function demoteSoon({ context, ref }: OpenCube, id: string): Promise<void> {
  try {
    await context.storage.queue.enqueue([demoteTask(ref, id, [id])], context.clock.now());
    context.worker.nudge();
  } catch (error) {
    emit("memcube:error", { where: "states.demote", error });
  }
}
