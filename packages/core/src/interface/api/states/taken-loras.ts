import { isMemCubeError } from "../../../errors.ts";
import type { PlannedLora } from "../../../flow/index.ts";
import { cubeKey } from "../../../memory/index.ts";
import type { Engine } from "../../../ports/index.ts";
import type { OpenCube } from "../context.ts";
import { recallLora, usableLora } from "./recall.ts";

/** What became of a LoRA: the engine's id of it, or why there is none. */
export type TakenLora =
  | { readonly id: string; readonly reason?: undefined }
  | { readonly id?: undefined; readonly reason: string; readonly passing?: boolean };

/** LoRAs whose fate is remembered, per engine. */
const REMEMBERED = 1_000;

const taken = new WeakMap<Engine, Map<string, Promise<TakenLora>>>();

/**
 * Has the engine take a LoRA of a cube, once per process and version; whether this caller may use it is
 * looked at each time. What is refused for its own sake stays refused; what could not be read is tried again.
 */
export async function takeLora(
  cube: OpenCube,
  engine: Engine,
  lora: Pick<PlannedLora, "memoryId" | "version">,
): Promise<TakenLora> {
  try {
    const version = await usableLora(cube, lora.memoryId);
    if (version === undefined) return { reason: "not-found" };
    // Changed since it was planned: its file may be another.
    if (version !== lora.version) return { reason: "changed" };
    return await takenOnce(cube, engine, lora);
  } catch (error) {
    return { reason: isMemCubeError(error) ? error.code : "unread" };
  }
}

async function takenOnce(
  cube: OpenCube,
  engine: Engine,
  lora: Parameters<typeof takeLora>[2],
): Promise<TakenLora> {
  const known = takenBy(engine);
  const key = keyOf(cube, lora);
  let taking = known.get(key);
  if (taking === undefined) {
    taking = take(cube, engine, lora.memoryId);
    known.set(key, taking);
    const oldest = known.keys().next().value;
    if (known.size > REMEMBERED && oldest !== undefined) known.delete(oldest);
    taking.catch(() => known.delete(key));
  }
  const fate = await taking;
  if (fate.id === undefined && fate.passing === true) known.delete(key);
  return fate;
}

/** Whether the engine has refused it in this process. */
export async function isRefused(
  cube: OpenCube,
  engine: Engine,
  lora: Pick<PlannedLora, "memoryId" | "version">,
): Promise<boolean> {
  const fate = await takenBy(engine)
    .get(keyOf(cube, lora))
    ?.catch(() => undefined);
  return fate?.reason !== undefined;
}

async function take(cube: OpenCube, engine: Engine, id: string): Promise<TakenLora> {
  const recalled = await recallLora(cube, id, { modelSha256: engine.model.sha256 });
  if (recalled === undefined) return { reason: "not-found", passing: true };
  if (recalled.refused !== undefined) return { reason: recalled.refused, passing: true };
  try {
    const name = await engine.takeLora?.(recalled.lora);
    return name === undefined ? { reason: "not-supported" } : { id: name };
  } catch (error) {
    if (!isMemCubeError(error, "MEMCUBE_LORA_INVALID")) throw error;
    const { defect = error.code } = error.details;
    return { reason: String(defect) };
  }
}

function takenBy(engine: Engine): Map<string, Promise<TakenLora>> {
  const known = taken.get(engine) ?? new Map<string, Promise<TakenLora>>();
  taken.set(engine, known);
  return known;
}

function keyOf({ ref }: OpenCube, { memoryId, version }: Parameters<typeof takeLora>[2]): string {
  return JSON.stringify([cubeKey(ref), memoryId, version]);
}
