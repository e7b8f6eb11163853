import type { Claim, Claims } from "./claims.ts";
import { findChain } from "./find-chain.ts";
import { ownerOf, rootKey, type WantedPage, wantedPages } from "./page-keys.ts";
import { PublishPace } from "./publish-pace.ts";
import { loadChain, loadPages } from "./restore-pages.ts";
import { storePages, takePages } from "./save-pages.ts";
import type { ScopeStore } from "./scope-store.ts";
import type { ScratchPool } from "./scratch.ts";
import {
  type KvFilled,
  type KvRequest,
  type KvRestored,
  type KvSaved,
  type KvSequence,
  type KvUnsaved,
  PAGE_TOKENS,
} from "./types.ts";
import type { UseLog } from "./uses.ts";
import { type Patience, waitForRival } from "./wait-for-rival.ts";

/** Cost of a page whose computing was not measured: a middling processor, a small model. */
const UNMEASURED_MS = 1_000;

/** What filling needs of its store. */
export interface FillerPlace {
  readonly claims: Claims;
  readonly uses: UseLog;
  readonly scratch: ScratchPool;
  /** Folders for scratch files. */
  readonly folders: readonly string[];
  /** `undefined` when the store is closed. */
  scope(name: string): Promise<ScopeStore | undefined>;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Runs what goes on after a request, until the store is closed. */
  run(work: () => Promise<KvSaved>): Promise<KvSaved>;
  /** Told how many bytes were stored. */
  onStored(bytes: number): Promise<void>;
}

/** Looks at what is stored, claims and waits, before a request computes for itself in any case. */
const MAX_ATTEMPTS = 32;

/** What came of claiming pages. */
interface Turn {
  /** Nobody else computes them. */
  readonly claim?: Claim;
  /** How many of the first of them are stored by now. */
  readonly stored: number;
  /** Whether who computed them no longer does. */
  readonly isFree?: boolean;
}

/** Fills sequences from a store and the store from sequences: a request's part of a store. */
export class SequenceFiller {
  readonly #place: FillerPlace;
  /** Milliseconds that a page took here last, by what its bytes depend on. */
  readonly #pageMs = new Map<string, number>();
  /** What can't be stored, by the same: there nobody waits for anybody. */
  readonly #unshareable = new Set<string>();

  constructor(place: FillerPlace) {
    this.#place = place;
  }

  async fill(sequence: KvSequence, request: KvRequest): Promise<KvFilled> {
    const wanted = await this.#wanted(sequence, request);
    const count = wholePages(request.tokens);
    const patience: Patience = { waitedMs: 0, pages: 0 };
    let seen = 0;
    for (let attempt = 1; ; attempt += 1) {
      request.signal?.throwIfAborted();
      const restored = await this.restore(sequence, request);
      const kept = ownPages(sequence, request.tokens);
      await trim(sequence, kept * PAGE_TOKENS);
      const key = wanted.at(-1)?.key;
      const result = {
        ...restored,
        keptTokens: kept * PAGE_TOKENS - restored.restoredTokens,
        prefilledTokens: (count - kept) * PAGE_TOKENS,
        ...(key === undefined ? {} : { key, keys: wanted.map((page) => page.key) }),
      };
      if (kept === count) return { ...result, saved: Promise.resolve({ writtenTokens: 0 }) };
      const missing = wanted.slice(kept);
      const turn = await this.#turn(sequence, request, missing, patience);
      // What is stored by now and can't be restored is not tried again.
      const isNews = turn.stored > 0 && kept + turn.stored > seen;
      seen = Math.max(seen, kept + turn.stored);
      if ((!isNews && !turn.isFree) || attempt === MAX_ATTEMPTS) {
        return { ...result, ...(await this.#prefill(sequence, request, kept, turn.claim)) };
      }
      await turn.claim?.release();
    }
  }

  /** Claims the missing pages, or waits for who has; and looks what is stored by then. */
  async #turn(
    sequence: KvSequence,
    { scope, signal }: KvRequest,
    missing: readonly WantedPage[],
    patience: Patience,
  ): Promise<Turn> {
    const { claims } = this.#place;
    const shareable = missing.length > 0 && !this.#unshareable.has(kindOf(sequence));
    const store = shareable ? await this.#place.scope(scope).catch(() => undefined) : undefined;
    if (store === undefined) return { stored: 0 };
    const { claimPlace: place } = store;
    const keys = missing.map(({ key }) => key);
    const stored = async () => (await findChain(store, missing)).links.length;
    const claim = await claims.take(place, keys);
    // Who had the claim until now may have stored pages since we looked.
    if (claim !== undefined) return { claim, stored: await stored() };
    const ownPageMs = this.#pageMs.get(kindOf(sequence));
    return await waitForRival({ claims, place, keys, ownPageMs, patience, signal, stored });
  }

  /**
   * Computes the missing pages and stores them: early ones while later ones are computed, for those who
   * wait, and so that not all is lost with this process.
   */
  async #prefill(
    sequence: KvSequence,
    request: KvRequest,
    kept: number,
    claim: Claim | undefined,
  ): Promise<Pick<KvFilled, "saved">> {
    const { tokens, signal } = request;
    const count = wholePages(tokens);
    const options = signal === undefined ? {} : { signal };
    const pace = new PublishPace();
    const saves: Promise<KvSaved>[] = [];
    const save = async (from: number, to: number, costMs: number) => {
      const part = { ...request, tokens: tokens.slice(0, to * PAGE_TOKENS) };
      const { done } = await this.#save(sequence, part, { costMs, from, after: saves.at(-1) });
      saves.push(done);
      void done.then(({ reason }) => reason === undefined && claim?.stored(to - kept));
    };
    try {
      const began = performance.now();
      let from = kept;
      let pageMs = UNMEASURED_MS;
      for (let page = kept; page < count; page += 1) {
        const place = page * PAGE_TOKENS;
        await sequence.prefill(tokens.slice(place, place + PAGE_TOKENS), options);
        pageMs = (performance.now() - began - pace.spentMs) / (page + 1 - kept);
        claim?.computed(page + 1 - kept, pageMs);
        if (sequence.exactTokens() < place + PAGE_TOKENS) {
          // A model whose states can't be cut: nothing comes of waiting for it.
          this.#unshareable.add(kindOf(sequence));
          void claim?.release();
        } else if (page + 1 < count && pace.isDue()) {
          await pace.spend(() => save(from, page + 1, pageMs));
          from = page + 1;
        }
      }
      this.#pageMs.set(kindOf(sequence), pageMs);
      await save(from, count, pageMs);
    } catch (error) {
      void Promise.allSettled(saves).then(() => claim?.release());
      throw error;
    }
    const saved = this.#place.run(async () => {
      const parts = await Promise.all(saves);
      await claim?.release();
      return joined(parts);
    });
    return { saved };
  }

  async restore(sequence: KvSequence, request: KvRequest): Promise<KvRestored> {
    request.signal?.throwIfAborted();
    try {
      return await this.#restore(sequence, request);
    } catch (error) {
      if (request.signal?.aborted === true) throw error;
      return { restoredTokens: 0, reason: "storage-failed" };
    }
  }

  async #restore(sequence: KvSequence, request: KvRequest): Promise<KvRestored> {
    const scope = await this.#place.scope(request.scope);
    if (scope === undefined) return { restoredTokens: 0, reason: "store-closed" };
    const wanted = wantedIn(scope, sequence, request);
    const own = ownPages(sequence, request.tokens);
    if (wanted.length <= own) return { restoredTokens: 0 };
    const chain = await findChain(scope, wanted);
    const fitting = Math.floor(sequence.shape.capacityTokens / PAGE_TOKENS);
    const links = chain.links.slice(0, fitting);
    const short = links.length < chain.links.length ? "context-too-small" : chain.reason;
    if (links.length <= own) return miss(own, short);
    const { pages, reason = short } = await loadChain(scope, wanted, links, sequence.shape);
    request.signal?.throwIfAborted();
    if (pages.length <= own) return miss(own, reason);
    const failure = await loadPages(sequence, pages, this.#place.scratch);
    if (failure !== undefined) return { restoredTokens: 0, reason: failure };
    const last = links[pages.length - 1];
    if (last !== undefined) {
      this.#place.uses.add(scope.folder, { key: last.key, at: this.#place.now() });
    }
    const restoredTokens = pages.length * PAGE_TOKENS;
    return { restoredTokens, ...(reason === undefined ? {} : { reason }) };
  }

  async save(
    sequence: KvSequence,
    request: KvRequest,
  ): Promise<{ readonly done: Promise<KvSaved> }> {
    return await this.#save(sequence, request, { costMs: UNMEASURED_MS, from: 0 });
  }

  async #save(
    sequence: KvSequence,
    request: KvRequest,
    { costMs, from: least, after }: SaveOptions,
  ): Promise<{ readonly done: Promise<KvSaved> }> {
    const unsaved = (reason: KvUnsaved) => ({
      done: Promise.resolve({ writtenTokens: 0, reason }),
    });
    const { scope: name } = request;
    try {
      const scope = await this.#place.scope(name);
      if (scope === undefined) return unsaved("store-closed");
      const wanted = wantedIn(scope, sequence, request);
      if (sequence.exactTokens() < wanted.length * PAGE_TOKENS) return unsaved("not-exact");
      const from = Math.max(least, (await findChain(scope, wanted)).links.length);
      if (from === wanted.length) return { done: Promise.resolve({ writtenTokens: 0 }) };
      const pages = await takePages(sequence, wanted, from, this.#place.folders);
      if (typeof pages === "string") return unsaved(pages);
      const about = { owner: ownerOf(sequence.identity), costMs, now: this.#place.now() };
      const pairs = pages.flatMap((page, at) => {
        const place = wanted[from + at];
        return place === undefined ? [] : [[place, page] as const];
      });
      const stored = async () => {
        await after;
        return await this.#stored(scope, pairs, about);
      };
      return { done: this.#place.run(stored) };
    } catch {
      return unsaved("storage-failed");
    }
  }

  async #stored(...input: Parameters<typeof storePages>): Promise<KvSaved> {
    try {
      const { storedBytes, ...saved } = await storePages(...input);
      await this.#place.onStored(storedBytes);
      return saved;
    } catch {
      return { writtenTokens: 0, reason: "storage-failed" };
    }
  }

  /** None where the store can't be used: then nothing is shared, and all is prefilled. */
  async #wanted(sequence: KvSequence, request: KvRequest): Promise<readonly WantedPage[]> {
    try {
      const scope = await this.#place.scope(request.scope);
      return scope === undefined ? [] : wantedIn(scope, sequence, request);
    } catch {
      return [];
    }
  }
}

interface SaveOptions {
  /** Milliseconds that a page took to compute. */
  readonly costMs: number;
  /** Pages before it are stored, or being stored. */
  readonly from: number;
  /** Pages are stored behind these, so that a chain never has a hole. */
  readonly after?: Promise<KvSaved> | undefined;
}

/** What several parts of a prompt's pages came to. */
function joined(parts: readonly KvSaved[]): KvSaved {
  const writtenTokens = parts.reduce((sum, part) => sum + part.writtenTokens, 0);
  const reason = parts.find((part) => part.reason !== undefined)?.reason;
  return { writtenTokens, ...(reason === undefined ? {} : { reason }) };
}

/** What the bytes and the pace of a sequence's pages depend on. */
function kindOf({ identity }: KvSequence): string {
  return JSON.stringify(identity);
}

function miss(own: number, reason: KvRestored["reason"]): KvRestored {
  return { restoredTokens: 0, ...(own > 0 || reason === undefined ? {} : { reason }) };
}

function wantedIn(
  scope: ScopeStore,
  { identity }: KvSequence,
  { tokens }: KvRequest,
): WantedPage[] {
  return wantedPages(rootKey(ownerOf(identity), scope.salt), tokens);
}

function wholePages(tokens: readonly number[]): number {
  return Math.floor(tokens.length / PAGE_TOKENS);
}

/** Whole pages at the start of the sequence that are those of the tokens and may be built upon. */
function ownPages(sequence: KvSequence, tokens: readonly number[]): number {
  const held = sequence.tokens();
  const most = Math.min(held.length, tokens.length, sequence.exactTokens());
  let same = 0;
  while (same < most && held[same] === tokens[same]) same += 1;
  return Math.floor(same / PAGE_TOKENS);
}

async function trim(sequence: KvSequence, length: number): Promise<void> {
  if (sequence.tokens().length > length) await sequence.truncate(length);
}
