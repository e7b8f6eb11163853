/**
 * Runs two nodes side by side, of which one never ends, and tells its parent when what the other wrote is
 * stored. Arguments: storage ("sqlite" or "redis"), its path or URL, and a file for the names of nodes that
 * ran.
 */
import { createMemOS } from "@memcube/core";
import { MemCubeSaver } from "@memcube/langgraph";
import { redisStorage } from "@memcube/redis";
import { sqliteStorage } from "@memcube/sqlite";

import { sideBySideGraph } from "./graphs.ts";

const [kind, place = "", runs = ""] = process.argv.slice(2);

/** Tells when writes of a task are stored. */
class TellingSaver extends MemCubeSaver {
  override async putWrites(...given: Parameters<MemCubeSaver["putWrites"]>) {
    await super.putWrites(...given);
    if (given[1].some(([channel]) => channel === "log")) process.send?.("stopped");
  }
}

const storage =
  kind === "sqlite"
    ? await sqliteStorage({ path: place })
    : await redisStorage({ url: place, search: "local" });
const saver = new TellingSaver({ os: createMemOS({ storage }) });
const forEver = new Promise<never>(() => setInterval(() => undefined, 1_000));
// In step: else what a node wrote may be stored before the checkpoint that it ran at.
await sideBySideGraph(saver, runs, forEver).invoke(
  { n: 1 },
  { configurable: { thread_id: "t" }, durability: "sync" },
);
