/**
 * A second process that writes to the shared cube of a SQLite file. Run by `two-processes.test.ts`:
 * `node writer-process.ts <path> <name> <seed> <commits>`; tells its parent of each commit that was
 * acknowledged, and at the end how many were refused.
 */
import { sqliteStorage } from "@memcube/sqlite";

import { writeAtRandom } from "./random-writer.ts";

const [path = "", name = "", seed = "", commits = ""] = process.argv.slice(2);

const storage = await sqliteStorage({ path, durability: "process" });
const tell = (message: object): Promise<void> =>
  new Promise((resolve) => {
    process.send?.(message, () => resolve());
  });

await tell({ ready: true });
const refused = await writeAtRandom(storage, {
  name,
  seed: Number(seed),
  commits: Number(commits),
  onAcknowledged: (acknowledged) => tell({ acknowledged }),
});
await storage.close();
await tell({ refused });
process.disconnect();
