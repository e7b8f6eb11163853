import type { HandedOver, InjectionPlan, PlannedLora } from "../../../flow/index.ts";
import { sha256Hex, type Memory } from "../../../memory/index.ts";
import {
  chooseLoras,
  chooseStates,
  outdatedStates,
  type StateMemory,
} from "../../../operation/scheduler/index.ts";
import type { Engine } from "../../../ports/index.ts";
import type { ApiContext, OpenCube } from "../context.ts";
import { loraCandidates, type ForEngine } from "./for-engine.ts";
import {
  promoteWhenUsed,
  type HandedLoras,
  type Prefix,
  type UsedPrefix,
} from "./promote-when-used.ts";
import { demoteSoon } from "./recall.ts";
import { isUsable, offerOf, tellLeft } from "./state-offer.ts";
import { isRefused, takeLora } from "./taken-loras.ts";

/** Scopes are folders of an engine: a user's id may be long, or look like a path. */
const SCOPE_DIGITS = 32;

/** What a plan is about, as far as an engine is concerned. */
export interface EngineQuestion {
  readonly engine: Engine;
  readonly caller: OpenCube["caller"];
  readonly found: readonly ForEngine[];
  readonly question: string;
  readonly task: string | undefined;
  /** The stable block. */
  readonly stable: string;
  /** Whether a state of it may be kept. */
  readonly mayBeKept: boolean;
  /** The memories in it. */
  readonly standing: readonly Memory[];
}

/** The part of a plan that is for an engine. */
export interface EnginePlan extends Pick<InjectionPlan, "lora" | "kv" | "handOver"> {
  /** Takes what the engine told of a call. */
  readonly reported: (told: unknown) => void;
}

/** LoRAs first, since a state belongs to a LoRA set; then the states of what the stable block shows. */
export async function planForEngine(
  context: ApiContext,
  asked: EngineQuestion,
): Promise<EnginePlan> {
  const { engine, caller, found, task } = asked;
  const lora = chooseLoras(await soundLoras(asked, context.clock.now()), task);
  const prefix = prefixOf(asked, lora);
  const held = prefix && found.find(({ cube }) => cube.ref.cubeId === prefix.cube.ref.cubeId);
  const states =
    held === undefined || prefix === undefined ? [] : statesOf(held, prefix, lora, asked);
  const scope = `${caller.tenantId}/${sha256Hex(caller.userId).slice(0, SCOPE_DIGITS)}`;
  let used: UsedPrefix | undefined;
  return {
    ...(lora.length === 0 ? {} : { lora }),
    ...(states.length === 0 ? {} : { kv: states.map(plannedState) }),
    handOver: async ({ signal } = {}) => {
      const { loras, left } = await takeAll(found, engine, lora, signal);
      for (const state of states) {
        if (prefix !== undefined) engine.states?.offer(scope, offerOf(prefix.cube, state));
      }
      const whole = left.length === 0 && prefix !== undefined;
      used = whole ? { engine, scope, prefix, loras, states } : undefined;
      return {
        request: {
          cacheScope: scope,
          ...(loras.length === 0 ? {} : { lora: loras }),
          // Another plan's state would have our block in it, and know nothing of what that was made of.
          ...(asked.stable === "" ? {} : { stableThrough: used === undefined ? "" : asked.stable }),
        },
        left,
      };
    },
    reported: (told) => {
      if (used !== undefined) promoteWhenUsed(context, used, told);
    },
  };
}

/** Candidates without those that the engine has refused already. */
async function soundLoras({ engine, found, question }: EngineQuestion, now: number) {
  const candidates = loraCandidates(found, question, now);
  const sound = await Promise.all(
    candidates.map(async ({ memory: { header, version }, distance }) => {
      const cube = found[distance]?.cube;
      const lora = { memoryId: header.id, version: version.number };
      return cube !== undefined && !(await isRefused(cube, engine, lora));
    }),
  );
  return candidates.filter((_, at) => sound[at]);
}

/**
 * What a state would be made of; `undefined` where none may be kept: nothing is shown, or it comes from
 * several cubes.
 */
function prefixOf(
  { found, stable, mayBeKept, standing }: EngineQuestion,
  lora: readonly PlannedLora[],
): Prefix | undefined {
  const sources = [
    ...standing.map(({ header, version }) => ({
      cubeId: header.cubeId,
      id: header.id,
      version: version.number,
    })),
    ...lora.map(({ cubeId, memoryId, version }) => ({ cubeId, id: memoryId, version })),
  ];
  const cubes = new Set(sources.map(({ cubeId }) => cubeId));
  const cube = found.find((each) => cubes.has(each.cube.ref.cubeId))?.cube;
  if (!mayBeKept || standing.length === 0 || cubes.size !== 1 || cube === undefined) {
    return undefined;
  }
  return { cube, stable, sources: sources.map(({ id, version }) => ({ id, version })) };
}

/** The states that fit; those that are outdated are looked at in the background. */
function statesOf(
  { cube, states }: ForEngine,
  { sources }: Prefix,
  lora: readonly PlannedLora[],
  { engine, standing }: EngineQuestion,
): readonly StateMemory[] {
  for (const { header } of outdatedStates(states, standing)) void demoteSoon(cube, header.id);
  const { engineKey } = engine.states ?? {};
  if (engineKey === undefined) return [];
  return chooseStates(
    states.filter((state) => isUsable(cube, state)),
    {
      modelSha256: engine.model.sha256,
      engineKey,
      sources,
      scales: lora.map(({ scale }) => scale),
    },
  );
}

async function takeAll(
  found: readonly ForEngine[],
  engine: Engine,
  lora: readonly PlannedLora[],
  signal: AbortSignal | undefined,
): Promise<{
  readonly loras: HandedLoras;
  readonly left: HandedOver["left"];
}> {
  const loras: HandedLoras[number][] = [];
  const left: HandedOver["left"][number][] = [];
  for (const each of lora) {
    signal?.throwIfAborted();
    const cube = found.find(({ cube: one }) => one.ref.cubeId === each.cubeId)?.cube;
    if (cube === undefined) continue;
    const { id, reason } = await takeLora(cube, engine, each);
    // The same file in two memories acts once.
    const twice = id !== undefined && loras.some((one) => one.id === id);
    if (id !== undefined && !twice) {
      loras.push({ id, scale: each.scale });
      continue;
    }
    const { memoryId, cubeId } = each;
    left.push({ memoryId, cubeId, reason: reason ?? "twice" });
    tellLeft(cube, memoryId, reason ?? "twice");
  }
  signal?.throwIfAborted();
  return { loras, left };
}

function plannedState({ header, payload }: StateMemory) {
  return { memoryId: header.id, cubeId: header.cubeId, tokens: payload.tokenCount };
}
