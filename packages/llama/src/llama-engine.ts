import type { Engine } from "@memcube/core";

import { LocalEngine } from "./engine/local-engine.ts";
import { openModel } from "./engine/open-model.ts";
import { isKvStore, type LlamaEngineOptions, parseOptions } from "./engine/options.ts";
import { openKvStore } from "./kv/kv-store.ts";

/**
 * Opens a GGUF model with llama.cpp, from prebuilt binaries only: nothing is compiled or downloaded.
 * Prompts are always read in pages of 256 tokens, so that greedy answers are the same byte for byte
 * whether a part of the prompt was read before or not.
 *
 * @throws TypeError for wrong options
 * @throws MemCubeError `MEMCUBE_MODEL_INVALID`, `MEMCUBE_ENGINE_FAILED`; the signal's reason
 */
export async function llamaEngine(options: LlamaEngineOptions): Promise<Engine> {
  const parsed = parseOptions(options);
  const { kv } = parsed;
  const opened = await openModel(parsed);
  try {
    const store = kv === undefined || isKvStore(kv) ? kv : await openKvStore(kv);
    return new LocalEngine(opened, parsed, { store, owned: store !== kv });
  } catch (error) {
    await opened.dispose();
    throw error;
  }
}
