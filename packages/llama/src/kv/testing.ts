import {
  getLlama,
  type Llama,
  type LlamaContext,
  type LlamaContextSequence,
  LlamaLogLevel,
  type Token,
} from "node-llama-cpp";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";

import { type KvIdentity, type KvSequence, PAGE_TOKENS } from "./types.ts";

/** llama.cpp as the tests use it: one thread, nothing downloaded or built. */
export async function testLlama(): Promise<Llama> {
  return await getLlama({
    gpu: false,
    build: "never",
    skipDownload: true,
    progressLogs: false,
    logLevel: LlamaLogLevel.disabled,
    maxThreads: 1,
  });
}

/** A context that is collected without being disposed makes the disposal of llama.cpp wait for ever. */
const alive = new Set<LlamaContext>();

/** A sequence of a model under test. */
export interface TestSequence extends KvSequence {
  readonly llama: LlamaContextSequence;
  /** Evaluates what stands behind the pages and takes the likeliest token so many times. */
  greedy(question: readonly number[], count: number): Promise<number[]>;
}

export interface TestModel {
  sequences(count: number, options?: TestContextOptions): Promise<readonly TestSequence[]>;
  dispose(): Promise<void>;
}

export interface TestContextOptions {
  readonly contextSize?: number;
  readonly lora?: string;
  readonly identity?: Partial<KvIdentity>;
}

export async function testModel(llama: Llama, path: string, layers = 4): Promise<TestModel> {
  const model = await llama.loadModel({ modelPath: path });
  const modelSha256 = createHash("sha256")
    .update(await readFile(path))
    .digest("hex");
  const contexts: LlamaContext[] = [];
  return {
    dispose: async () => {
      for (const context of contexts) {
        await context.dispose();
        alive.delete(context);
      }
      await model.dispose();
    },
    sequences: async (count, { contextSize = 1_536, lora, identity: special } = {}) => {
      const context = await model.createContext({
        contextSize,
        sequences: count,
        batchSize: PAGE_TOKENS * count,
        flashAttention: true,
        ...(lora === undefined ? {} : { lora }),
      });
      contexts.push(context);
      alive.add(context);
      const identity = {
        modelSha256,
        engineBuild: "test",
        backend: "cpu",
        kvTypes: { key: "F16", value: "F16" },
        contextParameters: "fa",
        batchSchedule: "256",
        lora: [],
        ...special,
      };
      const shape = { layers, capacityTokens: contextSize, streams: count };
      return Array.from({ length: count }, () =>
        testSequence(context.getSequence(), identity, shape),
      );
    },
  };
}

function testSequence(
  llama: LlamaContextSequence,
  identity: KvIdentity,
  shape: KvSequence["shape"],
): TestSequence {
  let exact = 0;
  const prefill = async (tokens: readonly number[]) => {
    let from = 0;
    while (from < tokens.length) {
      const place = llama.nextTokenIndex;
      const length = Math.min(PAGE_TOKENS - (place % PAGE_TOKENS), tokens.length - from);
      await llama.evaluateWithoutGeneratingNewTokens(tokens.slice(from, from + length) as Token[]);
      const whole = place % PAGE_TOKENS === 0 && length === PAGE_TOKENS;
      if (whole && exact === place) exact = place + PAGE_TOKENS;
      from += length;
    }
  };
  return {
    llama,
    identity,
    shape,
    tokens: () => llama.contextTokens,
    exactTokens: () => exact,
    saveState: async (path) => ({ sizeBytes: (await llama.saveStateToFile(path)).fileSize }),
    loadState: async (path) => {
      exact = 0;
      await llama.loadStateFromFile(path, { acceptRisk: true });
      exact = llama.nextTokenIndex;
    },
    prefill,
    truncate: async (length) => {
      exact = Math.min(exact, Math.floor(length / PAGE_TOKENS) * PAGE_TOKENS);
      await llama.eraseContextTokenRanges([{ start: length, end: llama.nextTokenIndex }]);
    },
    greedy: async (question, count) => {
      await prefill(question.slice(0, -1));
      const out: number[] = [];
      const last = question.slice(-1) as Token[];
      for await (const token of llama.evaluate(last, { temperature: 0, yieldEogToken: true })) {
        if (out.push(token) >= count) break;
      }
      return out;
    },
  };
}

/** Token ids of no sense, the same for the same seed. */
export function someTokens(count: number, seed = 1, vocabulary = 256): number[] {
  let state = seed * 2_654_435_761;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
    return ((state ^ (state >>> 13)) >>> 0) % vocabulary;
  });
}
