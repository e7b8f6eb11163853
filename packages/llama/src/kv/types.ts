/** Tokens of one page: states are cut, shared and stored in these units. */
export const PAGE_TOKENS = 256;

/**
 * Everything that decides the bytes of a KV state beside its tokens: a state is used only where all
 * of it is the same.
 */
export interface KvIdentity {
  readonly modelSha256: string;
  /** Engine package, llama.cpp release and version of the state format. */
  readonly engineBuild: string;
  /** Backend and CPU features: `cpu/AVX512...`; other kernels sum in another order. */
  readonly backend: string;
  readonly kvTypes: { readonly key: string; readonly value: string };
  /** Parameters of the context that change the state: flash attention, sliding window, rope. */
  readonly contextParameters: string;
  /** How a prompt is cut into batches. */
  readonly batchSchedule: string;
  /** LoRAs in effect, sorted by hash. */
  readonly lora: readonly { readonly sha256: string; readonly scale: number }[];
}

/** What the rows of a state must look like, as far as the model file tells. */
export interface KvShape {
  readonly layers: number;
  /** Tokens the sequence can hold. */
  readonly capacityTokens: number;
  /** Sequences (streams) of its context. */
  readonly streams: number;
}

/** One sequence of the engine, as the store sees it. Held by one request at a time. */
export interface KvSequence {
  readonly identity: KvIdentity;
  readonly shape: KvShape;
  /** Tokens whose state is in the context now. */
  tokens(): readonly number[];
  /**
   * How many of the first tokens have a state computed in whole pages, by `prefill` or loaded: a
   * multiple of {@link PAGE_TOKENS}. A token that was generated has other bits than one prefilled, so
   * only these pages are stored or built upon.
   */
  exactTokens(): number;
  /** Writes the state of all tokens in the context; not atomic. */
  saveState(path: string): Promise<{ readonly sizeBytes: number }>;
  /**
   * Replaces what is in the context by the state in the file.
   * INVARIANT: the file was verified. llama.cpp ends the process over a truncated file and takes a
   * foreign one without a word.
   */
  loadState(path: string): Promise<void>;
  /** Appends tokens, cut at multiples of {@link PAGE_TOKENS} counted from the sequence's start. */
  prefill(tokens: readonly number[], options?: { readonly signal?: AbortSignal }): Promise<void>;
  /** Keeps the first `length` tokens. */
  truncate(length: number): Promise<void>;
}

/** The tokens that a sequence is to hold, and for whom. */
export interface KvRequest {
  /**
   * States are shared within one scope only: another scope has other keys, folders and salt, and
   * can't tell what this one holds. The tenant, or something narrower.
   */
  readonly scope: string;
  /** What stands behind the last whole page is not looked at. */
  readonly tokens: readonly number[];
  readonly signal?: AbortSignal;
}

/** Why fewer tokens were restored than could be stored. */
export const KV_MISSES = [
  "nothing-stored",
  "context-too-small",
  "link-damaged",
  "page-missing",
  "page-damaged",
  "shape-differs",
  "state-invalid",
  "scratch-failed",
  "load-failed",
  "storage-failed",
  "store-closed",
] as const;
export type KvMiss = (typeof KV_MISSES)[number];

/** Why fewer tokens were stored than were given. */
export const KV_UNSAVED = [
  "not-exact",
  "other-tokens",
  "state-invalid",
  "save-failed",
  "storage-failed",
  "store-closed",
] as const;
export type KvUnsaved = (typeof KV_UNSAVED)[number];

export interface KvRestored {
  /** A multiple of {@link PAGE_TOKENS}: so many of the tokens came from the store. */
  readonly restoredTokens: number;
  /** Set when it is less than was asked for. */
  readonly reason?: KvMiss;
}

export interface KvSaved {
  /** Tokens whose pages were not there before. */
  readonly writtenTokens: number;
  /** Set when it is less than was given. */
  readonly reason?: KvUnsaved;
}

export interface KvFilled extends KvRestored {
  /** Tokens that were in the sequence already. */
  readonly keptTokens: number;
  readonly prefilledTokens: number;
  /** Names the state of all the pages in the store; left out when there is no page. */
  readonly key?: string;
  /** The same for the state of each page and those before it; the last is `key`. */
  readonly keys?: readonly string[];
  /** Settles when the new pages are stored; never rejects. */
  readonly saved: Promise<KvSaved>;
}

/**
 * Keeps KV states beyond a request. What goes wrong with a stored state is a miss with a reason:
 * only an aborted signal and a failed `prefill` reject.
 */
export interface KvStore {
  /**
   * Makes the sequence hold exactly the whole pages of `tokens`: keeps what is there, restores what is
   * stored, prefills the rest and stores it. Of several requests for one prefix at the same time, also in
   * other processes on the same folder, one prefills and the others wait for its pages, no longer than
   * prefilling would take them.
   *
   * When it returns, the sequence is free to go on; pages are still being written (`saved`).
   */
  fill(sequence: KvSequence, request: KvRequest): Promise<KvFilled>;

  /**
   * Puts the longest stored prefix of `tokens` into the sequence, which then holds exactly it. When
   * what the sequence holds itself goes as far, it is left alone and 0 tokens are restored.
   */
  restore(sequence: KvSequence, request: KvRequest): Promise<KvRestored>;

  /**
   * Stores the pages of `tokens`, which are the first in the sequence. Resolves when the sequence is
   * not needed any more; `done` settles when the pages are stored, and never rejects.
   */
  save(sequence: KvSequence, request: KvRequest): Promise<{ readonly done: Promise<KvSaved> }>;

  /**
   * Destroys what may hold something of a tenant: the scope of this name, those that begin with it and a
   * slash, and the unnamed one. What was made from an erased memory is not told apart from the rest, so
   * all of it goes.
   */
  forgetTenant(tenantId: string): Promise<void>;

  /** Waits for what is being stored. Safe to call twice. */
  close(): Promise<void>;
}
