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

export interface KvRestored {
  /** A multiple of {@link PAGE_TOKENS}: so many tokens are in the context now. */
  readonly restoredTokens: number;
  /** Why it is less than was asked for; for people. */
  readonly reason?: string;
}

export interface KvSaved {
  /** Tokens whose pages were not there before. */
  readonly writtenTokens: number;
  /** Why it is less than was given; for people. */
  readonly reason?: string;
}

/** Keeps KV states beyond a request. Its failures are misses: only an aborted signal rejects. */
export interface KvStore {
  /**
   * Puts the longest stored prefix of `tokens` into the sequence, which then holds exactly it. When
   * the sequence's own content is longer than what is stored, it is left alone.
   *
   * @param identityKey digest of the sequence's identity and the request's cache scope
   * @param tokens whole pages only
   */
  restore(
    sequence: KvSequence,
    identityKey: string,
    tokens: readonly number[],
    options?: { readonly signal?: AbortSignal },
  ): Promise<KvRestored>;

  /**
   * Stores the pages of `tokens`, which are the first in the sequence. Resolves when the sequence is
   * not needed any more; `done` resolves when the pages are stored, and never rejects.
   *
   * @param tokens whole pages only
   */
  save(
    sequence: KvSequence,
    identityKey: string,
    tokens: readonly number[],
  ): Promise<{ readonly done: Promise<KvSaved> }>;

  /** Waits for what is being stored. Safe to call twice. */
  close(): Promise<void>;
}
