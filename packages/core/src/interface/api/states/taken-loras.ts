import { isMemCubeError } from "../../../errors.ts";
import type { PlannedLora } from "../../../flow/index.ts";
import type { Engine } from "../../../ports/index.ts";
import type { OpenCube } from "../context.ts";
import { fateOf, remember, type TakenLora } from "./loras-of-engines.ts";
import { recallLora, usableLora } from "./recall.ts";

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
    const known = fateOf(engine, cube.ref, lora);
    if (known !== undefined) return await known;
    const taking = take(cube, engine, lora.memoryId);
    remember(engine, cube.ref, lora, taking);
    return await taking;
  } catch (error) {
    return { reason: isMemCubeError(error) ? error.code : "unread" };
  }
}

/** Whether the engine has refused it in this process. */
export async function isRefused(
  { ref }: OpenCube,
  engine: Engine,
  lora: Pick<PlannedLora, "memoryId" | "version">,
): Promise<boolean> {
  const fate = await fateOf(engine, ref, lora)?.catch(() => undefined);
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
