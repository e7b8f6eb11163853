import { MemCubeError } from "../errors.ts";
import { sha256Hex } from "../memory/index.ts";
import type { BlobStore } from "../ports/index.ts";
import type { DirectPort } from "./direct-port.ts";
import type { MemoryData } from "./memory-data.ts";

/** The blob port: one map of hashes for each tenant. */
export function memoryBlobs({ blobs }: MemoryData): DirectPort<BlobStore> {
  const ofTenant = (tenantId: string) => {
    const held = blobs.get(tenantId) ?? new Map<string, Uint8Array>();
    blobs.set(tenantId, held);
    return held;
  };
  return {
    put: (tenantId, bytes) => {
      const hash = sha256Hex(bytes);
      ofTenant(tenantId).set(hash, bytes);
      return { hash, sizeBytes: bytes.length };
    },
    get: (tenantId, hash) => {
      const bytes = ofTenant(tenantId).get(hash);
      if (bytes !== undefined && sha256Hex(bytes) !== hash) {
        throw new MemCubeError("MEMCUBE_BLOB_DAMAGED", "The content does not match its hash.", {
          details: { hash },
        });
      }
      return bytes;
    },
    has: (tenantId, hash) => ofTenant(tenantId).has(hash),
    delete: (tenantId, hash) => ofTenant(tenantId).delete(hash),
    list: (tenantId, { after = "", limit }) =>
      [...ofTenant(tenantId).keys()]
        .filter((hash) => hash > after)
        .sort()
        .slice(0, limit),
  };
}
