import type { BlobStore } from "@memcube/core";

import { hashOf } from "./file-bytes.ts";

/** The blob port in RAM, beside a database in RAM. */
export function memoryBlobs(): BlobStore {
  const tenants = new Map<string, Map<string, Uint8Array>>();
  return {
    put: async (tenantId, bytes) => {
      const kept = bytes.slice();
      const hash = await hashOf(kept);
      const blobs = tenants.get(tenantId) ?? new Map<string, Uint8Array>();
      tenants.set(tenantId, blobs.set(hash, kept));
      return { hash, sizeBytes: kept.length };
    },
    get: async (tenantId, hash) => tenants.get(tenantId)?.get(hash)?.slice(),
    has: async (tenantId, hash) => tenants.get(tenantId)?.has(hash) ?? false,
    delete: async (tenantId, hash) => tenants.get(tenantId)?.delete(hash) ?? false,
    list: async (tenantId, { after = "", limit }) =>
      [...(tenants.get(tenantId)?.keys() ?? [])]
        .filter((hash) => hash > after)
        .sort()
        .slice(0, limit),
  };
}
