import { canonicalJson } from "@memcube/core";
import { createHash, createHmac } from "node:crypto";

import { engineKeyOf } from "./fingerprint.ts";
import { ints } from "./state-chunks.ts";
import { type KvIdentity, PAGE_TOKENS } from "./types.ts";

/** Version of what a key is made of: another one finds nothing of the old. */
const FORMAT = 2;

/** What a state belongs to, as it goes into keys, links and manifests. */
export interface StateOwner {
  readonly modelSha256: string;
  /** The rest of the identity: engine build, backend, cache types, context parameters, batch schedule. */
  readonly engineKey: string;
  /** Sorted by hash. */
  readonly lora: readonly { readonly sha256: string; readonly scale: number }[];
}

export function ownerOf({ modelSha256, lora, ...engine }: KvIdentity): StateOwner {
  return {
    modelSha256,
    engineKey: engineKeyOf(engine),
    lora: lora
      .map(({ sha256, scale }) => ({ sha256, scale }))
      .toSorted((a, b) => (a.sha256 < b.sha256 ? -1 : 1)),
  };
}

/**
 * Key of the empty prefix: everything but the tokens. The salt is secret, so that nobody outside the
 * scope can tell from a key what was cached.
 */
export function rootKey(owner: StateOwner, salt: Uint8Array): string {
  const { modelSha256, engineKey, lora } = owner;
  const text = canonicalJson({
    format: FORMAT,
    pageTokens: PAGE_TOKENS,
    modelSha256,
    engineKey,
    lora,
  });
  return createHmac("sha256", salt).update(text).digest("hex");
}

/** Key of a page: the key of what stands before it, and its tokens. */
export function pageKey(parent: string, tokens: Uint8Array): string {
  return createHash("sha256").update(Buffer.from(parent, "hex")).update(tokens).digest("hex");
}

/** One whole page of a prompt, before it is known whether it is stored. */
export interface WantedPage {
  readonly key: string;
  readonly parent: string;
  readonly position: number;
  readonly tokens: Int32Array;
}

/** The chain of a prompt's whole pages. */
export function wantedPages(root: string, tokens: readonly number[]): WantedPage[] {
  const pages: WantedPage[] = [];
  let parent = root;
  for (let position = 0; position + PAGE_TOKENS <= tokens.length; position += PAGE_TOKENS) {
    const own = Int32Array.from(tokens.slice(position, position + PAGE_TOKENS));
    const key = pageKey(parent, ints(own));
    pages.push({ key, parent, position, tokens: own });
    parent = key;
  }
  return pages;
}
