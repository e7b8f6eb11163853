import { MemCubeError } from "@memcube/core";

import type { KvSequence } from "../kv/types.ts";
import { commonPrefix } from "./sequence.ts";

/** A LoRA as a context takes it. */
export interface LoadedLora {
  readonly path: string;
  readonly sha256: string;
  readonly scale: number;
}

/** A context with its only sequence, as long as it lives. */
export interface OpenContext<Sequence extends KvSequence> {
  readonly sequence: Sequence;
  dispose(): Promise<void>;
}

/** What a request needs of a context. */
export interface ContextRequest {
  /** Sorted by hash. */
  readonly lora: readonly LoadedLora[];
  readonly scope: string;
  readonly tokens: readonly number[];
  readonly signal?: AbortSignal | undefined;
}

/** A context held by one request. */
export interface Lease<Sequence extends KvSequence> {
  readonly sequence: Sequence;
  release(): void;
}

interface Slot<Sequence extends KvSequence> {
  readonly loraKey: string;
  readonly opening: Promise<OpenContext<Sequence>>;
  context: OpenContext<Sequence> | undefined;
  /** Whose tokens the sequence holds. */
  scope: string;
  busy: boolean;
  /** What it holds must be gone: it is freed when it is released. */
  doomed: boolean;
  /** Rises with each lease: the least recently used slot has the lowest. */
  used: number;
}

interface Waiter<Sequence extends KvSequence> {
  readonly request: ContextRequest;
  readonly loraKey: string;
  readonly take: (slot: Slot<Sequence>) => void;
  readonly refuse: (error: unknown) => void;
}

/**
 * The contexts of a model: one sequence each, so that a request's batches never mix with another's and
 * its numbers are the same whatever else runs. Held in a list as long as they live (a context that is
 * collected without being disposed makes the disposal of llama.cpp wait for ever), made when they are
 * needed, at most so many; the least recently used one gives way to another LoRA set. Requests are
 * served in their order.
 */
export class Contexts<Sequence extends KvSequence> {
  readonly #open: (lora: readonly LoadedLora[]) => Promise<OpenContext<Sequence>>;
  readonly #limit: number;
  readonly #slots = new Set<Slot<Sequence>>();
  #waiting: Waiter<Sequence>[] = [];
  #leases = 0;
  #closed = false;
  /** Disposals under way: their place is free only afterwards. */
  readonly #disposals = new Set<Promise<void>>();

  constructor(
    limit: number,
    open: (lora: readonly LoadedLora[]) => Promise<OpenContext<Sequence>>,
  ) {
    this.#limit = limit;
    this.#open = open;
  }

  /** @throws MemCubeError `MEMCUBE_CLOSED`, `MEMCUBE_ENGINE_FAILED`; the signal's reason */
  async lease(request: ContextRequest): Promise<Lease<Sequence>> {
    const slot = await this.#turn(request);
    try {
      const { sequence } = await slot.opening;
      if (slot.scope !== request.scope) await sequence.truncate(0);
      slot.scope = request.scope;
      request.signal?.throwIfAborted();
      return { sequence, release: () => this.#release(slot) };
    } catch (error) {
      this.#release(slot);
      throw error;
    }
  }

  /**
   * Refuses who waits and frees every context; busy ones when they are released, so that whoever wants
   * them gone calls again then.
   */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { refuse } of this.#waiting.splice(0)) refuse(closed());
    for (const slot of this.#slots) if (!slot.busy) this.#dispose(slot);
    while (this.#disposals.size > 0) {
      await Promise.all(this.#disposals);
    }
  }

  /** Frees every context that holds prompts of these scopes; busy ones when they are released. */
  async forget(isOfScope: (scope: string) => boolean): Promise<void> {
    for (const slot of this.#slots) {
      if (!isOfScope(slot.scope)) continue;
      if (slot.busy) slot.doomed = true;
      else this.#dispose(slot);
    }
    await Promise.all(this.#disposals);
  }

  #turn(request: ContextRequest): Promise<Slot<Sequence>> {
    const { signal } = request;
    signal?.throwIfAborted();
    if (this.#closed) throw closed();
    const { promise, resolve, reject } = Promise.withResolvers<Slot<Sequence>>();
    const giveUp = (): void => {
      this.#waiting = this.#waiting.filter((one) => one !== waiter);
      reject(signal?.reason);
    };
    const waiter: Waiter<Sequence> = {
      request,
      loraKey: loraKey(request.lora),
      take: (slot) => {
        signal?.removeEventListener("abort", giveUp);
        resolve(slot);
      },
      refuse: (error) => {
        signal?.removeEventListener("abort", giveUp);
        reject(error);
      },
    };
    signal?.addEventListener("abort", giveUp, { once: true });
    this.#waiting.push(waiter);
    this.#serve();
    return promise;
  }

  /** Gives contexts to those who wait, first come first served, as long as there is one. */
  #serve(): void {
    for (;;) {
      const [first] = this.#waiting;
      if (first === undefined) return;
      const slot = this.#choose(first);
      if (slot === undefined) return;
      this.#waiting.shift();
      slot.busy = true;
      slot.used = ++this.#leases;
      first.take(slot);
    }
  }

  /** `undefined`: every context is busy, or its place not free yet. */
  #choose({ request, loraKey: key }: Waiter<Sequence>): Slot<Sequence> | undefined {
    const idle = [...this.#slots].filter((slot) => !slot.busy);
    const fitting = idle.filter((slot) => slot.loraKey === key);
    const warmest = fitting.toSorted((a, b) => shared(b, request) - shared(a, request))[0];
    if (warmest !== undefined && shared(warmest, request) > 0) return warmest;
    if (this.#slots.size + this.#disposals.size < this.#limit) return this.#add(request, key);
    const [oldest] = fitting.toSorted(byUse);
    if (oldest !== undefined) return oldest;
    const [other] = idle.toSorted(byUse);
    // One place is all that the first of those who wait needs.
    if (other !== undefined && this.#disposals.size === 0) this.#dispose(other);
    return undefined;
  }

  #add({ lora, scope }: ContextRequest, key: string): Slot<Sequence> {
    const slot: Slot<Sequence> = {
      loraKey: key,
      opening: this.#open(lora),
      context: undefined,
      scope,
      busy: true,
      doomed: false,
      used: 0,
    };
    slot.opening.then(
      (context) => {
        slot.context = context;
      },
      () => {
        // Whoever leased it is told; the place is free again.
        this.#slots.delete(slot);
      },
    );
    this.#slots.add(slot);
    return slot;
  }

  #release(slot: Slot<Sequence>): void {
    slot.busy = false;
    if (this.#closed || slot.doomed) this.#dispose(slot);
    this.#serve();
  }

  #dispose(slot: Slot<Sequence>): void {
    if (!this.#slots.delete(slot)) return;
    const disposal = (async () => {
      await slot.context?.dispose();
    })().finally(() => {
      this.#disposals.delete(disposal);
      this.#serve();
    });
    this.#disposals.add(disposal);
  }
}

/** Whole pages of the prompt that a slot's context holds for this scope. */
function shared(slot: Slot<KvSequence>, { scope, tokens }: ContextRequest): number {
  const sequence = slot.context?.sequence;
  if (sequence === undefined || slot.scope !== scope) return 0;
  return Math.min(sequence.exactTokens(), commonPrefix(sequence.tokens(), tokens));
}

function byUse(a: { readonly used: number }, b: { readonly used: number }): number {
  return a.used - b.used;
}

function loraKey(lora: readonly LoadedLora[]): string {
  return JSON.stringify(lora.map(({ sha256, scale }) => [sha256, scale]));
}

function closed(): MemCubeError {
  return new MemCubeError("MEMCUBE_CLOSED", "the engine is closed");
}
