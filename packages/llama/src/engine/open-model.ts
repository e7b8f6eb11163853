import { MemCubeError } from "@memcube/core";
import type { LlamaModel } from "node-llama-cpp";

import { type KvIdentity, PAGE_TOKENS } from "../kv/types.ts";
import { loadModel, type StartedLlama, startLlama } from "./binding.ts";
import type { LoadedLora, OpenContext } from "./contexts.ts";
import { describeModel, type ModelFacts } from "./describe-model.ts";
import { engineFailed } from "./errors.ts";
import { hashFile } from "./hash-file.ts";
import { type ModelNote, readNote, writeNote } from "./model-note.ts";
import type { ParsedOptions } from "./options.ts";
import { reportAttached } from "../lora/report-attached.ts";
import { EngineSequence } from "./sequence.ts";
import { tryModel } from "./trial.ts";

/** A model in the hands of llama.cpp. */
export interface OpenedModel {
  readonly started: StartedLlama;
  readonly native: LlamaModel;
  readonly facts: ModelFacts;
  readonly path: string;
  readonly sha256: string;
  readonly contextSize: number;
  readonly threads: number;
  /** What decides its states, beside LoRAs. */
  readonly identity: Omit<KvIdentity, "lora">;
  openContext(lora: readonly LoadedLora[]): Promise<OpenContext<EngineSequence>>;
  dispose(): Promise<void>;
}

/** Enough for most prompts, and no more RAM than a laptop has. */
const DEFAULT_CONTEXT_TOKENS = 8_192;

/**
 * Checks, identifies and loads a model. llama.cpp sees the file last.
 *
 * @throws MemCubeError `MEMCUBE_MODEL_INVALID`, `MEMCUBE_ENGINE_FAILED`; the signal's reason
 */
export async function openModel(options: ParsedOptions): Promise<OpenedModel> {
  const { model: path, signal, onProgress } = options;
  const facts = await describeModel(path);
  const note = await readNote(path);
  const sha256 =
    note?.sha256 ?? (await hashFile(path, signal, (done) => onProgress?.({ phase: "hash", done })));
  if (options.sha256 !== undefined && options.sha256 !== sha256) {
    throw refused(path, `its SHA-256 is ${sha256}`);
  }
  const started = await startLlama(options);
  try {
    await proveLoadable({ sha256, tried: note?.tried ?? [] }, started.build, options);
    const native = await loadModel(started, options);
    return joinModel({ started, native, facts, path, sha256 }, options);
  } catch (error) {
    await started.llama.dispose();
    throw error;
  }
}

/** A file is tried once for each engine build. One whose SHA-256 was given is as it was made. */
async function proveLoadable(
  note: ModelNote,
  build: string,
  { model: path, sha256, signal }: ParsedOptions,
): Promise<void> {
  if (note.tried.includes(build)) return;
  const wrong = sha256 === undefined ? await tryModel(path, signal) : undefined;
  if (wrong !== undefined) throw refused(path, wrong);
  await writeNote(path, { sha256: note.sha256, tried: [...note.tried, build] });
}

function refused(path: string, reason: string): MemCubeError {
  return new MemCubeError("MEMCUBE_MODEL_INVALID", `${path} can't be used: ${reason}`, {
    details: { path, reason },
  });
}

function joinModel(
  opened: Pick<OpenedModel, "started" | "native" | "facts" | "path" | "sha256">,
  options: ParsedOptions,
): OpenedModel {
  const { started, native, facts } = opened;
  const { llama } = started;
  const wanted = options.contextSize ?? Math.min(facts.trainedContext, DEFAULT_CONTEXT_TOKENS);
  const contextSize = Math.ceil(wanted / PAGE_TOKENS) * PAGE_TOKENS;
  const threads = llama.maxThreads;
  const flashAttention = native.flashAttentionSupported;
  const identity = {
    modelSha256: opened.sha256,
    engineBuild: started.build,
    backend: started.backend,
    kvTypes: { key: "F16", value: "F16" },
    contextParameters: [
      `flash attention ${flashAttention ? "on" : "off"}`,
      ...(facts.scalesPositions ? [`context ${contextSize}`] : []),
    ].join(", "),
    batchSchedule: `pages of ${PAGE_TOKENS}`,
  } satisfies Omit<KvIdentity, "lora">;

  const openContext = async (lora: readonly LoadedLora[]): Promise<OpenContext<EngineSequence>> => {
    try {
      const began = performance.now();
      const context = await native.createContext({
        contextSize,
        sequences: 1,
        batchSize: PAGE_TOKENS,
        flashAttention,
        threads: { ideal: threads, min: 1 },
        failedCreationRemedy: false,
        ...(lora.length === 0
          ? {}
          : { lora: { adapters: lora.map(({ path, scale }) => ({ filePath: path, scale })) } }),
      });
      reportAttached(lora, performance.now() - began);
      const set = lora.map(({ sha256, scale }) => ({ sha256, scale }));
      const shape = { layers: facts.layers, capacityTokens: context.contextSize, streams: 1 };
      const sequence = new EngineSequence(context.getSequence(), { ...identity, lora: set }, shape);
      return { sequence, dispose: () => context.dispose() };
    } catch (error) {
      throw engineFailed("a context could not be made", error, started.log);
    }
  };
  return {
    ...opened,
    contextSize,
    threads,
    identity,
    openContext,
    dispose: async () => {
      await native.dispose();
      await llama.dispose();
    },
  };
}
