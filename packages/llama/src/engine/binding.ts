import { availableParallelism } from "node:os";
import { MemCubeError } from "@memcube/core";
import type * as NodeLlamaCpp from "node-llama-cpp";

import { engineFailed } from "./errors.ts";
import type { ParsedOptions } from "./options.ts";

export type Binding = typeof NodeLlamaCpp;

/** llama.cpp, started, and the module that speaks with it. */
export interface StartedLlama {
  readonly binding: Binding;
  readonly llama: NodeLlamaCpp.Llama;
  /** Package and release: `node-llama-cpp 3.22.1, llama.cpp v0.5.0, state 3`. */
  readonly build: string;
  readonly backend: string;
  /** What llama.cpp complained about last. */
  readonly log: readonly string[];
}

/** Version of llama.cpp's format of sequence states that this release writes (`LLAMA_STATE_SEQ_VERSION`). */
const STATE_VERSION = 3;

const LOG_LINES = 20;

/**
 * Loads the binding and starts llama.cpp from a prebuilt binary; nothing is compiled or downloaded.
 *
 * @throws MemCubeError `MEMCUBE_ENGINE_FAILED` when there is no binary for this system
 */
export async function startLlama(options: Pick<ParsedOptions, "gpu" | "threads">) {
  const log: string[] = [];
  try {
    // Loaded when it is asked for: the import alone takes 0.3 s.
    const binding = await import("node-llama-cpp");
    const llama = await binding.getLlama({
      gpu: options.gpu,
      build: "never",
      skipDownload: true,
      progressLogs: false,
      logLevel: binding.LlamaLogLevel.error,
      logger: (_level, message) => {
        log.push(message.trim());
        if (log.length > LOG_LINES) log.shift();
      },
    });
    // The binding's own default is 4 at least, also where there are fewer cores.
    llama.maxThreads = options.threads ?? Math.min(llama.cpuMathCores, availableParallelism());
    const version = await binding.getModuleVersion();
    const { release } = llama.llamaCppRelease;
    return {
      binding,
      llama,
      build: `node-llama-cpp ${version}, llama.cpp ${release}, state ${STATE_VERSION}`,
      backend: `${llama.gpu === false ? "cpu" : llama.gpu}; ${llama.systemInfo.trim()}`,
      log,
    } satisfies StartedLlama;
  } catch (error) {
    throw engineFailed("llama.cpp could not be started", error, log);
  }
}

/** @throws MemCubeError `MEMCUBE_MODEL_INVALID` when llama.cpp refuses the file */
export async function loadModel(
  { llama, log }: StartedLlama,
  options: Pick<ParsedOptions, "model" | "onProgress" | "signal">,
): Promise<NodeLlamaCpp.LlamaModel> {
  const { model: path, onProgress, signal } = options;
  let loading = true;
  try {
    const model = await llama.loadModel({
      modelPath: path,
      // The binding's last calls come when it is all over.
      onLoadProgress: (done) => loading && done < 1 && onProgress?.({ phase: "load", done }),
      ...(signal === undefined ? {} : { loadSignal: signal }),
    });
    loading = false;
    onProgress?.({ phase: "load", done: 1 });
    return model;
  } catch (error) {
    signal?.throwIfAborted();
    const reason = "llama.cpp can't load it";
    throw new MemCubeError("MEMCUBE_MODEL_INVALID", `${path} can't be used: ${reason}`, {
      details: { path, reason, log },
      cause: error,
    });
  }
}
