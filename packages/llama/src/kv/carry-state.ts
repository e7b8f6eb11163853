import { type KvState, sha256Hex } from "@memcube/core";

import { engineDifference } from "./fingerprint.ts";
import { decodePage, isOtherFormat, type KvPage, sameLayers } from "./page.ts";
import { rootKey, type StateOwner, wantedPages } from "./page-keys.ts";
import type { ScopeStore } from "./scope-store.ts";
import { ints } from "./state-chunks.ts";
import { PAGE_TOKENS } from "./types.ts";

/** Cost of a page that somebody else has computed: a middling processor, a small model. */
const UNKNOWN_MS = 1_000;

/** Why a state was not taken in. */
export const KV_REFUSALS = [
  "store-closed",
  "foreign-model",
  "foreign-build",
  "foreign-backend",
  "foreign-cache-types",
  "foreign-context",
  "foreign-batches",
  "foreign-engine",
  "foreign-lora",
  "foreign-format",
  "page-damaged",
  "shape-differs",
  "tokens-differ",
  "storage-failed",
] as const;
export type KvRefusal = (typeof KV_REFUSALS)[number];

/** The engine that is to use a state. */
export interface StateTarget {
  /** SHA-256 of its model file: `engine.model.sha256`. */
  readonly modelSha256: string;
  /** `engine.states.engineKey`: build, backend and processor, types, context and batches. */
  readonly engineKey: string;
  /** LoRA set in effect. @default none */
  readonly lora?: StateOwner["lora"];
}

export interface KvImported {
  readonly importedTokens: number;
  readonly reason?: KvRefusal;
  /** What differs, for people: `kept by llama.cpp v0.4.0, here it is llama.cpp v0.5.0`. */
  readonly detail?: string;
}

/** A stored chain as what leaves the store: pages without the store's keys and salt. */
export async function exportChain(store: ScopeStore, key: string): Promise<KvState | undefined> {
  const chain = await store.chain(key);
  const owner = chain?.[0]?.link.owner;
  if (chain === undefined || owner === undefined) return undefined;
  const pages: KvPage[] = [];
  for (const { link, wanted } of chain) {
    const found = await store.load(wanted, link);
    if ("miss" in found) return undefined;
    pages.push(found.page);
  }
  return {
    modelSha256: owner.modelSha256,
    engineKey: owner.engineKey,
    lora: owner.lora.map((each) => ({ ...each })),
    tokenCount: pages.length * PAGE_TOKENS,
    tokensSha256: tokensDigest(pages),
    pages: pages.map(({ bytes }) => bytes),
  };
}

/** Checks a state from outside and stores it under this store's keys. */
export async function importChain(
  store: ScopeStore,
  state: KvState,
  { target, now }: { readonly target: StateTarget; readonly now: number },
): Promise<KvImported> {
  const refuse = (reason: KvRefusal) => ({ importedTokens: 0, reason });
  const foreign = foreignTo(target, state);
  if (foreign !== undefined) return { importedTokens: 0, ...foreign };
  if (state.pages.some(isOtherFormat)) return refuse("foreign-format");
  const pages = state.pages.map((bytes) => decodePage(bytes));
  if (!pages.every((page) => page !== undefined)) return refuse("page-damaged");
  const [first] = pages;
  const fits = (page: KvPage, at: number) =>
    page.position === at * PAGE_TOKENS && sameLayers(page.layers, first?.layers ?? []);
  if (!pages.every(fits)) return refuse("shape-differs");
  const same = tokensDigest(pages) === state.tokensSha256;
  if (!same || pages.length * PAGE_TOKENS !== state.tokenCount) return refuse("tokens-differ");
  const { modelSha256, engineKey, lora } = state;
  const owner = { modelSha256, engineKey, lora: sorted(lora) };
  const tokens = pages.flatMap((page) => [...page.tokens]);
  const about = { owner, costMs: UNKNOWN_MS, now };
  for (const [at, wanted] of wantedPages(rootKey(owner, store.salt), tokens).entries()) {
    const page = pages[at];
    if (page === undefined) break;
    const { failure } = await store.store(wanted, page, about);
    if (failure !== undefined) return refuse("storage-failed");
  }
  return { importedTokens: state.tokenCount };
}

/** The first thing that makes a state another engine's. */
function foreignTo(
  { modelSha256, engineKey, lora = [] }: StateTarget,
  state: KvState,
): Pick<KvImported, "reason" | "detail"> | undefined {
  const differs = (reason: KvRefusal, found: string, expected: string) => ({
    reason,
    detail: `kept by ${found}, here it is ${expected}`,
  });
  if (state.modelSha256 !== modelSha256) {
    return differs("foreign-model", `model ${state.modelSha256}`, modelSha256);
  }
  const engine = engineDifference(engineKey, state.engineKey);
  if (engine !== undefined) return differs(engine.reason, engine.found, engine.expected);
  const [found, expected] = [loraText(state.lora), loraText(lora)];
  return found === expected ? undefined : differs("foreign-lora", found, expected);
}

function loraText(lora: StateOwner["lora"]): string {
  if (lora.length === 0) return "the model without LoRAs";
  return sorted(lora)
    .map(({ sha256, scale }) => `LoRA ${sha256} at ${scale}`)
    .join(" and ");
}

function sorted(lora: StateOwner["lora"]): StateOwner["lora"] {
  return lora.toSorted((a, b) => (a.sha256 < b.sha256 ? -1 : 1));
}

/** SHA-256 of the tokens as little-endian 32-bit integers. */
function tokensDigest(pages: readonly KvPage[]): string {
  return sha256Hex(Buffer.concat(pages.map(({ tokens }) => ints(tokens))));
}
