import type { BlobStore } from "@memcube/core";

import type { OpenWork } from "../open-work.ts";

/** A blob store that is closed together with the database, after what was begun. */
export function untilClosed(store: BlobStore, work: OpenWork, checkOpen: () => void): BlobStore {
  const track = async <T>(action: () => Promise<T>): Promise<T> => {
    checkOpen();
    return work.begin(action());
  };
  return {
    put: (tenantId, bytes) => track(() => store.put(tenantId, bytes)),
    get: (tenantId, hash, options) => track(() => store.get(tenantId, hash, options)),
    has: (tenantId, hash) => track(() => store.has(tenantId, hash)),
    delete: (tenantId, hash) => track(() => store.delete(tenantId, hash)),
    list: (tenantId, query) => track(() => store.list(tenantId, query)),
  };
}
