/**
 * Immutable bytes by the SHA-256 of their content (64 hex digits), per tenant: a tenant can't tell
 * what another one stores. Who points to a blob is known by the one who stored it.
 */
export interface BlobStore {
  /** Stores bytes; the same bytes twice are stored once. Durable when it returns. */
  put(
    tenantId: string,
    bytes: Uint8Array,
  ): Promise<{ readonly hash: string; readonly sizeBytes: number }>;

  /**
   * The bytes, which belong to the caller then; `undefined` when there are none. With `unverified`
   * a storage may leave out the check against the hash, for content that checks itself.
   * @throws MemCubeError `MEMCUBE_BLOB_DAMAGED` when the content does not match its hash
   */
  get(
    tenantId: string,
    hash: string,
    options?: { readonly unverified?: boolean },
  ): Promise<Uint8Array | undefined>;

  has(tenantId: string, hash: string): Promise<boolean>;
  /** Whether there was one. */
  delete(tenantId: string, hash: string): Promise<boolean>;
  /** Hashes in ascending order, after `after`. */
  list(
    tenantId: string,
    query: { readonly after?: string; readonly limit: number },
  ): Promise<readonly string[]>;
}
