import { cubeKey, type CubeRef } from "../../../memory/index.ts";
import type { Engine } from "../../../ports/index.ts";

/** What became of a LoRA: the engine's id of it, or why there is none. */
export type TakenLora =
  | { readonly id: string; readonly reason?: undefined }
  | { readonly id?: undefined; readonly reason: string; readonly passing?: boolean };

interface Taking {
  readonly cube: string;
  readonly memoryId: string;
  readonly fate: Promise<TakenLora>;
}

/** LoRAs whose fate is remembered, per engine. */
const REMEMBERED = 1_000;

const taken = new WeakMap<Engine, Map<string, Taking>>();

/** Which version of which memory. */
export interface LoraVersion {
  readonly memoryId: string;
  readonly version: number;
}

/** What became of it in this process; `undefined` before anybody asked, or when it is to be tried again. */
export function fateOf(
  engine: Engine,
  ref: CubeRef,
  lora: LoraVersion,
): Promise<TakenLora> | undefined {
  return taken.get(engine)?.get(keyOf(ref, lora))?.fate;
}

/** Remembers it, unless it could not be read. */
export function remember(
  engine: Engine,
  ref: CubeRef,
  lora: LoraVersion,
  fate: Promise<TakenLora>,
): void {
  const known = taken.get(engine) ?? new Map<string, Taking>();
  taken.set(engine, known);
  const key = keyOf(ref, lora);
  known.set(key, { cube: cubeKey(ref), memoryId: lora.memoryId, fate });
  const oldest = known.keys().next().value;
  if (known.size > REMEMBERED && oldest !== undefined) known.delete(oldest);
  const forget = () => void known.delete(key);
  fate.then((each) => {
    if (each.id === undefined && each.passing === true) forget();
  }, forget);
}

/**
 * Has an engine drop the files of LoRAs that were erased, all of the cube where none are named, but for those
 * that another memory holds, too.
 */
export async function dropLoras(
  engine: Engine,
  ref: CubeRef,
  ids?: readonly string[],
): Promise<void> {
  const known = taken.get(engine) ?? new Map<string, Taking>();
  const erased = ids && new Set(ids);
  const dropped: Taking[] = [];
  for (const [key, taking] of known) {
    if (taking.cube !== cubeKey(ref) || erased?.has(taking.memoryId) === false) continue;
    known.delete(key);
    dropped.push(taking);
  }
  if (dropped.length === 0) return;
  const idsOf = async (takings: readonly Taking[]) => {
    const fates = await Promise.allSettled(takings.map(({ fate }) => fate));
    return fates.flatMap((each) => (each.status === "fulfilled" ? (each.value.id ?? []) : []));
  };
  const kept = new Set(await idsOf([...known.values()]));
  for (const id of new Set(await idsOf(dropped))) {
    if (!kept.has(id)) await engine.dropLora?.(id);
  }
}

function keyOf(ref: CubeRef, { memoryId, version }: LoraVersion): string {
  return JSON.stringify([cubeKey(ref), memoryId, version]);
}
