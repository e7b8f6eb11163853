import { storageConformance } from "@memcube/conformance";
import { type MemoryData, memoryStorage } from "@memcube/core/testing";

// The reference storage: once with one handle at a time, once with several, which stand for processes.
const FORMS = [
  { name: "memory", candidates: false, shared: false },
  { name: "memory with candidates, shared", candidates: true, shared: true },
  {
    name: "memory with candidates by vectors",
    candidates: true,
    shared: false,
    vectors: { model: "model-a", dimensions: 3 },
  },
];

for (const { name, shared, ...options } of FORMS) {
  storageConformance(name, async () => {
    let data: MemoryData = memoryStorage().data;
    return {
      shared,
      open: async () => memoryStorage({ from: data, ...options }),
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
