import type { Engine, EngineRequest, EngineUsage } from "@memcube/core";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { gainContexts } from "./gain-contexts.ts";
import { openKvStore } from "./kv/kv-store.ts";
import { llamaEngine } from "./llama-engine.ts";

/** Tokens behind the prefix: a short question. */
const QUESTION_TOKENS = 28;
const ANSWER_TOKENS = 1;
const QUESTION = "What was said about the memory?";
const MIB = 1_048_576;
/** Restored pages of the longest context measured stay in RAM. */
const HOT_BYTES = 1_024 * MIB;

/** Options of {@link measureGain}. */
export interface MeasureGainOptions {
  /** Path of a GGUF file. */
  readonly model: string;
  /** Lengths of the prefix, each a multiple of 256. @default those of 512, 1536, 4096 the model was trained for */
  readonly contexts?: readonly number[];
  /** @default 1 */
  readonly threads?: number;
  /** How often each restored answer is measured; the middle one counts. @default 3 */
  readonly rounds?: number;
  /** Where states lie meanwhile; removed at the end. @default the system's temporary directory */
  readonly directory?: string;
  readonly signal?: AbortSignal;
  /** Told what was measured last and how long it took: a long context computed anew takes minutes. */
  readonly onStep?: (step: GainStep) => void;
  /** Called with each context's result. */
  readonly onResult?: (gain: Gain) => void;
}

/** One measured answer. */
export interface GainStep {
  readonly contextTokens: number;
  readonly what: "computed" | "stored" | "restored" | "restored from disk" | "warm context";
  readonly seconds: number;
}

/** What it takes to the first token of an answer. */
export interface Effort {
  /** Milliseconds of all threads of the process, user and system. */
  readonly cpuMs: number;
  readonly wallMs: number;
}

/** Time to the first token after a prefix, from different places. */
export interface Gain {
  readonly contextTokens: number;
  readonly questionTokens: number;
  /** All is computed. */
  readonly cold: Effort;
  /** Pages that this process has stored or used before. */
  readonly restored: Effort;
  /** Pages read from disk and verified, as in a new process. */
  readonly fromDisk: Effort;
  /** The context still holds the prefix: the best there can be. */
  readonly warmContext: Effort;
  /** Computing the prefix and storing its pages. */
  readonly stored: Effort;
  /** Whether all answers were the same. */
  readonly same: boolean;
}

/**
 * Measures what stored states save with a model, through the engine as everybody uses it: look-up,
 * verification, assembling, loading and a question of 28 tokens are part of what is measured.
 *
 * @throws MemCubeError as {@link llamaEngine}, `MEMCUBE_INVALID_INPUT` for a length beyond what the model was
 * trained for; Error when a state that was stored was not restored
 */
export async function measureGain(options: MeasureGainOptions): Promise<readonly Gain[]> {
  const { threads = 1, model, signal } = options;
  const contexts = await gainContexts(model, options.contexts, QUESTION_TOKENS + ANSWER_TOKENS);
  const directory = await mkdtemp(join(options.directory ?? tmpdir(), "memcube-gain-"));
  const contextSize = Math.max(...contexts) + 256;
  const opened: { close(): Promise<void> }[] = [];
  const open = async (hotBytes: number) => {
    const kv = await openKvStore({ directory, hotBytes });
    opened.unshift(kv);
    const engine = await llamaEngine({
      model,
      threads,
      contextSize,
      maxContexts: 1,
      kv,
      ...(signal && { signal }),
    });
    opened.unshift(engine);
    return engine;
  };
  try {
    const engines = { engine: await open(HOT_BYTES), fresh: await open(0) };
    const gains: Gain[] = [];
    for (const contextTokens of contexts) {
      const gain = await measureContext(engines, contextTokens, options);
      options.onResult?.(gain);
      gains.push(gain);
    }
    return gains;
  } finally {
    for (const one of opened) await one.close();
    await rm(directory, { recursive: true, force: true });
  }
}

interface Answered extends Effort {
  readonly text: string;
  readonly usage: EngineUsage;
}

async function measureContext(
  { engine, fresh }: { readonly engine: Engine; readonly fresh: Engine },
  contextTokens: number,
  { rounds = 3, signal, onStep }: MeasureGainOptions,
): Promise<Gain> {
  const prompt = await promptOf(engine, contextTokens);
  const ask = async (what: GainStep["what"], who: Engine, cachePrompt = true) => {
    const answered = await measured(who, { ...prompt, cachePrompt }, signal);
    onStep?.({ contextTokens, what, seconds: answered.wallMs / 1_000 });
    return answered;
  };
  const empty = async (who: Engine) =>
    await measured(who, { ...requestOf("x", "y"), cachePrompt: false }, signal);
  // What is done once (start of threads, compilation of our own code) belongs to nobody.
  await empty(engine);
  await empty(fresh);
  const cold = await ask("computed", engine, false);
  const stored = await ask("stored", engine);
  const restored: Answered[] = [];
  const warm: Answered[] = [];
  const disk: Answered[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await empty(engine);
    restored.push(await ask("restored", engine));
    warm.push(await ask("warm context", engine));
    await empty(fresh);
    disk.push(await ask("restored from disk", fresh));
  }
  const all = [...restored, ...warm, ...disk];
  const short = all.find(({ usage }) => usage.cachedTokens !== contextTokens);
  if (short !== undefined) {
    throw new Error(`restored ${JSON.stringify(short.usage)}, not ${contextTokens} tokens`);
  }
  return {
    contextTokens,
    questionTokens: cold.usage.promptTokens - contextTokens,
    cold: effortOf(cold),
    stored: effortOf(stored),
    restored: middle(restored),
    warmContext: middle(warm),
    fromDisk: middle(disk),
    same: all.every(({ text }) => text === cold.text),
  };
}

async function measured(
  engine: Engine,
  request: EngineRequest,
  signal: AbortSignal | undefined,
): Promise<Answered> {
  const [cpu, wall] = [process.cpuUsage(), performance.now()];
  let text = "";
  for await (const part of engine.generate(request, signal === undefined ? {} : { signal })) {
    if (part.type === "text") text += part.delta;
    if (part.type !== "finish") continue;
    const { user, system } = process.cpuUsage(cpu);
    const { usage } = part;
    return { cpuMs: (user + system) / 1_000, wallMs: performance.now() - wall, text, usage };
  }
  throw new Error("the answer has no end");
}

function requestOf(context: string, question: string): EngineRequest {
  return {
    messages: [
      { role: "system", text: context },
      { role: "user", text: question },
    ],
    sampling: { temperature: 0, maxTokens: ANSWER_TOKENS },
  };
}

/** A prompt of exactly so many tokens and a question behind them; another one for each length. */
async function promptOf(engine: Engine, contextTokens: number): Promise<EngineRequest> {
  const wanted = contextTokens + QUESTION_TOKENS;
  const words = oneTokenWords(engine);
  const textOf = (count: number) =>
    Array.from({ length: count }, (_, at) => words[(at * 7 + contextTokens) % words.length]).join(
      "",
    );
  const probe = 64;
  const { usage } = await measured(engine, requestOf(textOf(probe), QUESTION), undefined);
  const request = requestOf(textOf(probe + wanted - usage.promptTokens), QUESTION);
  return request;
}

/** Words that are one token each behind any other of them. */
function oneTokenWords(engine: Engine): readonly string[] {
  const words = " the of and to in a is that it was for on are as with his they at be this".split(
    /(?= )/,
  );
  const single = words.filter((word) => engine.count(`${word}${word}${word}`) === 3);
  if (single.length === 0) throw new Error("this vocabulary has no word of one token");
  return single;
}

function middle(efforts: readonly Effort[]): Effort {
  const sorted = efforts.toSorted((a, b) => a.cpuMs - b.cpuMs);
  return effortOf(sorted[sorted.length >> 1] ?? { cpuMs: Number.NaN, wallMs: Number.NaN });
}

function effortOf({ cpuMs, wallMs }: Effort): Effort {
  return { cpuMs, wallMs };
}
