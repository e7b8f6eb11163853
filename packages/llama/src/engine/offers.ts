import { canonicalJson, sha256Hex, type StateOffer } from "@memcube/core";

import { ints } from "../kv/state-chunks.ts";

/** Offers remembered for one scope, and scopes with offers: a plan names them anew each time. */
const OFFERS = 16;
const SCOPES = 1_000;

type LoraSet = Readonly<StateOffer["lora"]>;

/** States that may be asked for, by the scope they are for; the newest are kept. */
export class Offers {
  readonly #scopes = new Map<string, Map<string, StateOffer>>();

  add(scope: string, offer: StateOffer): void {
    const offers = this.#scopes.get(scope) ?? new Map<string, StateOffer>();
    this.#scopes.delete(scope);
    this.#scopes.set(scope, offers);
    offers.delete(offer.id);
    offers.set(offer.id, offer);
    dropOldest(offers, OFFERS);
    dropOldest(this.#scopes, SCOPES);
  }

  /** The longest with whose tokens a prompt begins. */
  find(scope: string, tokens: readonly number[], lora: LoraSet): StateOffer | undefined {
    const set = setKey(lora);
    const offers = [...(this.#scopes.get(scope)?.values() ?? [])];
    return offers
      .toSorted((a, b) => b.tokenCount - a.tokenCount)
      .find(
        ({ tokenCount, tokensSha256, lora: own }) =>
          tokenCount <= tokens.length &&
          setKey(own) === set &&
          tokensDigest(tokens.slice(0, tokenCount)) === tokensSha256,
      );
  }

  remove(scope: string, id: string): void {
    this.#scopes.get(scope)?.delete(id);
  }

  forget(isOfScope: (scope: string) => boolean): void {
    for (const scope of this.#scopes.keys()) if (isOfScope(scope)) this.#scopes.delete(scope);
  }
}

/** SHA-256 of tokens as little-endian 32-bit integers, as manifests have it. */
export function tokensDigest(tokens: readonly number[]): string {
  return sha256Hex(ints(tokens));
}

function setKey(lora: LoraSet): string {
  const set = lora.map(({ sha256, scale }) => ({ sha256, scale }));
  return canonicalJson(set.toSorted((a, b) => (a.sha256 < b.sha256 ? -1 : 1)));
}

function dropOldest(map: Map<string, unknown>, limit: number): void {
  const oldest = map.keys().next().value;
  if (map.size > limit && oldest !== undefined) map.delete(oldest);
}
