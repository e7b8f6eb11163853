/**
 * Counts up one memory by compare-and-set, together with other processes that do the same, and says how
 * often it lost a race. Arguments: path, times, name.
 */
import { commitRequest, memoryWrite } from "@memcube/conformance";
import { isMemCubeError } from "@memcube/core";
import { sqliteStorage } from "@memcube/sqlite";

import { SHARED } from "./acknowledged.ts";

const [path = "", times = "0", name = ""] = process.argv.slice(2);
const storage = await sqliteStorage({ path, durability: "process" });
let lost = 0;
for (let done = 0; done < Number(times);) {
  const query = { access: { system: "write" }, ids: ["counter"] } as const;
  const [current] = await storage.vault.read(SHARED, query);
  const expectedVersion = current?.version ?? 0;
  const write = memoryWrite(SHARED, { id: "counter", text: `${name} ${done}`, expectedVersion });
  try {
    await storage.vault.commit(commitRequest({ cube: SHARED, writes: [write] }));
    done += 1;
  } catch (error) {
    if (!isMemCubeError(error, "MEMCUBE_CONFLICT")) throw error;
    lost += 1;
  }
}
await storage.close();
process.stdout.write(`${lost}\n`);
