import type { CarriedStates, KvState, StateOffer } from "@memcube/core";

import type { KvRefusal } from "../kv/carry-state.ts";
import type { DirectoryKvStore } from "../kv/kv-store.ts";
import { ownerOf } from "../kv/page-keys.ts";
import type { KvRequest, KvSequence, KvStore } from "../kv/types.ts";
import { heldTokens } from "./fill.ts";
import { Offers } from "./offers.ts";

/** Reasons that say nothing about the state: the next prompt may try again. */
const PASSING: ReadonlySet<KvRefusal> = new Set(["store-closed", "storage-failed"]);

/** A store whose states can be carried from one place to another. */
type CarryingStore = KvStore & Pick<DirectoryKvStore, "exportState" | "importState">;

/** States of cubes as they come into an engine's store and out of it. */
export class StoreStates implements CarriedStates {
  readonly engineKey: string;
  readonly #store: CarryingStore;
  readonly #offers = new Offers();
  /** States on their way: of several requests for one, one reads it. */
  readonly #coming = new Map<string, Promise<string | undefined>>();

  constructor(store: CarryingStore, engineKey: string) {
    this.#store = store;
    this.engineKey = engineKey;
  }

  offer(scope: string, offer: StateOffer): void {
    this.#offers.add(scope, offer);
  }

  take(scope: string, key: string): Promise<KvState | undefined> {
    return this.#store.exportState(scope, key);
  }

  forget(isOfScope: (scope: string) => boolean): void {
    this.#offers.forget(isOfScope);
  }

  /**
   * Brings an offered state into the store when the prompt begins with it and it is not there yet.
   *
   * @returns why an offered state could not be used; rejects with the signal's reason only
   */
  async bring(sequence: KvSequence, request: KvRequest): Promise<string | undefined> {
    const { scope, tokens, signal } = request;
    const { lora } = sequence.identity;
    const offer = this.#offers.find(scope, tokens, lora);
    if (offer === undefined) return undefined;
    await this.#store.restore(sequence, request);
    if (heldTokens(sequence, tokens) >= offer.tokenCount) return undefined;
    const key = JSON.stringify([scope, offer.id]);
    const coming =
      this.#coming.get(key) ??
      this.#read(sequence, scope, offer).finally(() => this.#coming.delete(key));
    this.#coming.set(key, coming);
    const reason = await coming;
    signal?.throwIfAborted();
    return reason;
  }

  async #read(sequence: KvSequence, scope: string, offer: StateOffer): Promise<string | undefined> {
    const refuse = (reason: string) => {
      this.#offers.remove(scope, offer.id);
      offer.refused(reason);
      return `state-refused: ${reason}`;
    };
    try {
      const state = await offer.read();
      if (state === undefined) {
        this.#offers.remove(scope, offer.id);
        return "state-gone";
      }
      const { tokenCount, tokensSha256 } = state;
      if (tokenCount !== offer.tokenCount || tokensSha256 !== offer.tokensSha256) {
        return refuse("tokens-differ");
      }
      const { reason } = await this.#store.importState(scope, state, ownerOf(sequence.identity));
      if (reason === undefined) return undefined;
      return PASSING.has(reason) ? `state-unread: ${reason}` : refuse(reason);
    } catch {
      // Whoever offers it reads from a storage that may be down: the prompt is computed.
      return "state-unread";
    }
  }
}

/** Whether a store carries states; one of somebody's own may not. */
export function carriesStates(store: KvStore | undefined): store is CarryingStore {
  return store !== undefined && "exportState" in store && "importState" in store;
}
