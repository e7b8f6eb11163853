import { z } from "zod";

import { isMemCubeError } from "../../../errors.ts";
import type { HandedOver, KvState } from "../../../flow/index.ts";
import { toMemory } from "../../../infrastructure/vault/index.ts";
import { LIMITS } from "../../../limits.ts";
import { canonicalJson, LIVE_STATES, sha256Hex } from "../../../memory/index.ts";
import { sourcesKey, type StateMemory } from "../../../operation/scheduler/index.ts";
import type { Engine } from "../../../ports/index.ts";
import type { ApiContext, OpenCube, Promotion } from "../context.ts";
import { eraseOnBehalf } from "./drop-states.ts";
import { keepState } from "./promote.ts";

/** Tag of states that were promoted by themselves, for people. */
const PROMOTED = "promoted";
/** Begin of their keys: the budget is theirs. */
const KEY = "kv-state:";
/** Such states of one user in a cube: about as many as a plan looks at. */
const KEPT = 100;

/** What the state of a stable block is made of. */
export interface Prefix {
  readonly cube: OpenCube;
  /** How the prefix ends: a call may have been asked by another plan, too. */
  readonly stable: string;
  /** Memories and LoRAs of the cube. */
  readonly sources: readonly { readonly id: string; readonly version: number }[];
}

export type HandedLoras = NonNullable<HandedOver["request"]["lora"]>;

/** A call that an engine answered by a plan. */
export interface UsedPrefix {
  readonly engine: Engine;
  readonly scope: string;
  readonly prefix: Prefix;
  /** As the engine was asked to use them. */
  readonly loras: HandedLoras;
  /** What the cube keeps of such prefixes. */
  readonly states: readonly StateMemory[];
}

/** What of `EngineUsage` counts here; the rest, and other engines' words, are passed over. */
const toldSchema = z.looseObject({
  stableState: z.looseObject({
    throughSha256: z.string(),
    key: z.string(),
    tokens: z.int(),
    tokensSha256: z.string(),
  }),
});
type Told = z.output<typeof toldSchema>["stableState"];

/** Counts a use of the prefix, and promotes its state in the background when it was used often enough. */
export function promoteWhenUsed({ promotion }: ApiContext, used: UsedPrefix, told: unknown): void {
  const state = toldSchema.safeParse(told).data?.stableState;
  if (promotion === undefined || state === undefined) return;
  if (state.throughSha256 !== sha256Hex(used.prefix.stable)) return;
  const isKept = used.states.some(({ payload }) => payload.tokensSha256 === state.tokensSha256);
  if (isKept || used.prefix.sources.length > LIMITS.edges) return;
  const { engine, scope, prefix } = used;
  const counted = [engine.model.sha256, scope, state.key, sourcesKey(prefix.sources)];
  if (!promotion.uses.add(JSON.stringify(counted), promotion.afterUses)) return;
  promotion.work.run("states.promote", async (signal) => {
    await promoteUsed(promotion, used, state, signal);
  });
}

async function promoteUsed(
  promotion: Promotion,
  { engine, scope, prefix, loras }: UsedPrefix,
  told: Told,
  signal: AbortSignal,
): Promise<void> {
  // What the plan may write is decided when it is written.
  const cube = { ...prefix.cube, readOnly: false };
  const state = await engine.states?.take(scope, told.key);
  if (state === undefined || !isOf(state, engine, loras, told)) return;
  const sizeBytes = state.pages.reduce((sum, { length }) => sum + length, 0);
  if (sizeBytes > promotion.budgetBytes) return;
  const externalKey = keyOf(state, cube, prefix);
  const { vault } = cube.context.storage;
  const access = { system: "write" } as const;
  const [holder] = await vault.readByKey(cube.ref, { externalKeys: [externalKey], access });
  if (holder !== undefined) return;
  try {
    const sources = [...prefix.sources];
    await keepState(cube, state, { sources, tags: [PROMOTED], signal }, { externalKey, allow: [] });
  } catch (error) {
    if (PASSING.some((code) => isMemCubeError(error, code))) return;
    throw error;
  }
  await keepWithin(cube, promotion.budgetBytes);
}

/** Somebody else was faster, a source changed meanwhile, or this caller only reads: nothing is lost. */
const PASSING = [
  "MEMCUBE_DUPLICATE_KEY",
  "MEMCUBE_CONFLICT",
  "MEMCUBE_MEMORY_NOT_FOUND",
  "MEMCUBE_CUBE_NOT_FOUND",
  "MEMCUBE_FORBIDDEN",
] as const;

/** Whether it is the state that was meant: a call may have named other LoRAs than the plan. */
function isOf(state: KvState, { model }: Engine, loras: HandedLoras, told: Told): boolean {
  const asked = loras.map(({ id: sha256, scale }) => ({ sha256, scale }));
  return (
    state.modelSha256 === model.sha256 &&
    state.tokensSha256 === told.tokensSha256 &&
    state.tokenCount === told.tokens &&
    loraKey(state.lora) === loraKey(asked)
  );
}

function loraKey(loras: readonly { readonly sha256: string; readonly scale: number }[]): string {
  return canonicalJson(loras.map(({ sha256, scale }) => `${sha256} ${scale}`).toSorted());
}

/** The same state of the same user has one key, whoever promotes it. */
function keyOf(state: KvState, { caller }: OpenCube, { sources }: Prefix): string {
  const { modelSha256, engineKey, lora, tokensSha256 } = state;
  const parts = [caller.userId, modelSha256, engineKey, lora, tokensSha256, sourcesKey(sources)];
  return `${KEY}${sha256Hex(canonicalJson(parts))}`;
}

/** Erases the oldest of the caller's promoted states, until the others fit in bytes and number. */
async function keepWithin(cube: OpenCube, budgetBytes: number): Promise<void> {
  const { context, ref, caller, principals } = cube;
  const { items } = await context.storage.vault.list(ref, {
    access: { principals },
    filter: { types: ["kv-state"], tags: [PROMOTED], states: LIVE_STATES },
    now: context.clock.now(),
    order: "newest",
    limit: LIMITS.pageRows,
  });
  const owner = `user:${caller.userId}`;
  let sum = 0;
  let kept = 0;
  const over = items.flatMap((stored) => {
    const { header, payload, version } = toMemory(ref, stored);
    const own = header.owner === owner && header.externalKey?.startsWith(KEY) === true;
    if (!own || payload.type !== "kv-state") return [];
    sum += payload.sizeBytes;
    kept += 1;
    return sum > budgetBytes || kept > KEPT ? [{ id: header.id, version: version.number }] : [];
  });
  const ids = over.map(({ id }) => id);
  await eraseOnBehalf(context, ref, over, {
    rule: "background:promotion-budget",
    idempotencyKey: `promoted:${sha256Hex(ids.toSorted().join(" "))}`,
    statesOnly: true,
  });
}
