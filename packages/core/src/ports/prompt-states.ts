import type { KvState } from "../flow/index.ts";

/**
 * What an engine keeps of prompts beyond a request, as far as the memory OS needs to know: kept states
 * hold what was in a prompt, so they go when it does.
 */
export interface PromptStates {
  /** Destroys everything kept for a tenant. Called after memories of it were erased; may be called twice. */
  forgetTenant(tenantId: string): Promise<void>;
}

/** A state that a cube keeps, for an engine to ask for when a prompt begins with its tokens. */
export interface StateOffer {
  /** Names it within its scope; the same id again replaces it. */
  readonly id: string;
  readonly tokenCount: number;
  /** SHA-256 of its tokens as little-endian 32-bit integers. */
  readonly tokensSha256: string;
  /** LoRA set that it was computed under, by the engine's hashes. */
  readonly lora: KvState["lora"];
  /** Reads it, with the rights of whoever it is offered to; `undefined` when it can't be had any more. */
  read(): Promise<KvState | undefined>;
  /** Told when the engine could not use what it had read; it asks no more. */
  refused(reason: string): void;
}

/** An engine's states as cubes give and take them. */
export interface CarriedStates {
  /** All that decides a state beside model, LoRA set and tokens, as one text. */
  readonly engineKey: string;
  /**
   * Makes a state known for requests of a scope. It is read when it is needed, and checked before it is
   * used; anything wrong with it is a prompt that is computed. The newest few of a scope are remembered.
   */
  offer(scope: string, offer: StateOffer): void;
  /** The state that `EngineUsage.stableState` names; `undefined` when it is not kept any more. */
  take(scope: string, key: string): Promise<KvState | undefined>;
}
