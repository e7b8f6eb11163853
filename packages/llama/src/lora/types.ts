/** A LoRA file that passed every guard: the engine loads it as it is. */
export interface ResolvedLora {
  /** Content-addressed: what lies under a path never changes (the engine caches by path). */
  readonly path: string;
  readonly sha256: string;
}

/** What a LoRA must fit. */
export interface LoraBase {
  readonly modelSha256: string;
  readonly modelPath: string;
}

/** Where the engine looks up the LoRAs a request names. */
export interface LoraSource {
  /**
   * @param id name or SHA-256
   * @returns `undefined` when there is none of that id
   * @throws MemCubeError `MEMCUBE_LORA_INVALID` when it does not fit the base or is damaged
   */
  resolve(
    id: string,
    base: LoraBase,
    options?: { readonly signal?: AbortSignal },
  ): Promise<ResolvedLora | undefined>;
}
