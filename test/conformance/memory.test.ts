import { storageConformance } from "@memcube/conformance";
import { type MemoryData, memoryStorage } from "@memcube/core/testing";

// The reference storage in both of its forms: handles that share their data stand for processes.
for (const candidates of [false, true]) {
  storageConformance(candidates ? "memory with candidates" : "memory", async () => {
    let data: MemoryData = memoryStorage().data;
    return {
      shared: true,
      open: async () => memoryStorage({ from: data, candidates }),
      destroy: async () => {
        data = memoryStorage().data;
      },
      damageBlob: async (tenantId, hash) => {
        const blobs = data.blobs.get(tenantId);
        const bytes = blobs?.get(hash);
        if (bytes !== undefined)
          blobs?.set(
            hash,
            bytes.map((byte) => byte ^ 1),
          );
      },
    };
  });
}
