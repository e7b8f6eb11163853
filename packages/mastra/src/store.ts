import { MastraCompositeStore } from "@mastra/core/storage";

import type { MemCubeStorageOptions } from "./options.ts";
import { MemCubeMemoryStorage } from "./storage.ts";

/**
 * A store for `new Mastra({ storage })` and `new Memory({ storage })` whose memory lies in cubes. Other
 * domains (workflows, traces) are not its own: give Mastra another store for them.
 *
 * @throws MemCubeError `MEMCUBE_INVALID_INPUT`
 */
export function memcubeStore(options: MemCubeStorageOptions): MastraCompositeStore {
  const memory = new MemCubeMemoryStorage(options);
  return new MastraCompositeStore({ id: "memcube", domains: { memory } });
}
