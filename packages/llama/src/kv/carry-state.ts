import { canonicalJson, type KvState, sha256Hex } from "@memcube/core";

import { decodePage, type KvPage, sameLayers } from "./page.ts";
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
  "foreign-engine",
  "foreign-lora",
  "page-damaged",
  "shape-differs",
  "tokens-differ",
  "storage-failed",
] as const;
export type KvRefusal = (typeof KV_REFUSALS)[number];

export interface KvImported {
  readonly importedTokens: number;
  readonly reason?: KvRefusal;
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
  { owner, now }: { readonly owner: Partial<StateOwner>; readonly now: number },
): Promise<KvImported> {
  const refuse = (reason: KvRefusal) => ({ importedTokens: 0, reason });
  const foreign = foreignTo(owner, state);
  if (foreign !== undefined) return refuse(foreign);
  const pages = state.pages.map((bytes) => decodePage(bytes));
  if (!pages.every((page) => page !== undefined)) return refuse("page-damaged");
  const [first] = pages;
  const fits = (page: KvPage, at: number) =>
    page.position === at * PAGE_TOKENS && sameLayers(page.layers, first?.layers ?? []);
  if (!pages.every(fits)) return refuse("shape-differs");
  const same = tokensDigest(pages) === state.tokensSha256;
  if (!same || pages.length * PAGE_TOKENS !== state.tokenCount) return refuse("tokens-differ");
  const { modelSha256, engineKey, lora } = state;
  const root = rootKey({ modelSha256, engineKey, lora }, store.salt);
  const tokens = pages.flatMap((page) => [...page.tokens]);
  const about = { owner: { modelSha256, engineKey, lora }, costMs: UNKNOWN_MS, now };
  for (const [at, wanted] of wantedPages(root, tokens).entries()) {
    const page = pages[at];
    if (page === undefined) break;
    const { failure } = await store.store(wanted, page, about);
    if (failure !== undefined) return refuse("storage-failed");
  }
  return { importedTokens: state.tokenCount };
}

function foreignTo(owner: Partial<StateOwner>, state: KvState): KvRefusal | undefined {
  const { modelSha256 = state.modelSha256, engineKey = state.engineKey, lora = state.lora } = owner;
  if (state.modelSha256 !== modelSha256) return "foreign-model";
  if (state.engineKey !== engineKey) return "foreign-engine";
  return canonicalJson(state.lora) === canonicalJson(lora) ? undefined : "foreign-lora";
}

/** SHA-256 of the tokens as little-endian 32-bit integers. */
function tokensDigest(pages: readonly KvPage[]): string {
  return sha256Hex(Buffer.concat(pages.map(({ tokens }) => ints(tokens))));
}
