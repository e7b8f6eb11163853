import type { BlobStore } from "@memcube/core";

interface Parts {
  /** Bytes up to `smallBytes`. */
  readonly small: BlobStore;
  readonly large: BlobStore;
  readonly smallBytes: number;
}

/**
 * One blob store of two. A blob lies in one of them by its size; as its hash does not tell which, what
 * is not among the small ones is looked for among the large.
 */
export function composeBlobs({ small, large, smallBytes }: Parts): BlobStore {
  return {
    put: (tenantId, bytes) => (bytes.length <= smallBytes ? small : large).put(tenantId, bytes),
    get: async (tenantId, hash) =>
      (await small.get(tenantId, hash)) ?? (await large.get(tenantId, hash)),
    has: async (tenantId, hash) =>
      (await small.has(tenantId, hash)) || (await large.has(tenantId, hash)),
    delete: async (tenantId, hash) => {
      const deleted = [await small.delete(tenantId, hash), await large.delete(tenantId, hash)];
      return deleted.includes(true);
    },
    list: async (tenantId, query) => {
      const lists = await Promise.all([small, large].map((store) => store.list(tenantId, query)));
      return [...new Set(lists.flat())].sort().slice(0, query.limit);
    },
  };
}
