import { MemCubeError } from "@memcube/core";

import type { LoraSource } from "../lora/types.ts";
import type { LoadedLora } from "./contexts.ts";
import type { OpenedModel } from "./open-model.ts";
import type { ParsedRequest } from "./request.ts";

/**
 * The LoRAs that a request names, sorted by hash.
 *
 * @throws MemCubeError `MEMCUBE_LORA_INVALID` for one that is not known, named twice, or refused
 */
export async function resolveLoras(
  wanted: ParsedRequest["lora"],
  source: LoraSource,
  { sha256: modelSha256, path: modelPath }: Pick<OpenedModel, "sha256" | "path">,
  signal: AbortSignal,
): Promise<readonly LoadedLora[]> {
  const loaded = new Map<string, LoadedLora>();
  for (const { id, scale } of wanted) {
    const found = await source.resolve(id, { modelSha256, modelPath }, { signal });
    if (found === undefined || loaded.has(found.sha256)) {
      const reason = found === undefined ? "it is not known" : "it is named twice";
      throw new MemCubeError("MEMCUBE_LORA_INVALID", `the LoRA ${id} can't be used: ${reason}`, {
        details: { id, reason },
      });
    }
    // A scale of 0 is the model without the LoRA.
    if (scale !== 0) loaded.set(found.sha256, { ...found, scale });
  }
  return [...loaded.values()].toSorted((a, b) => (a.sha256 < b.sha256 ? -1 : 1));
}
