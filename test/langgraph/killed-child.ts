/**
 * Runs the asking graph up to a point at which it tells its parent so and waits to be killed.
 * Arguments: storage ("sqlite" or "redis"), its path or URL, and the point: after the put of a
 * checkpoint of this step and before its writes.
 */
import type { PendingWrite } from "@langchain/langgraph-checkpoint";
import { createMemOS } from "@memcube/core";
import { MemCubeSaver } from "@memcube/langgraph";
import { redisStorage } from "@memcube/redis";
import { sqliteStorage } from "@memcube/sqlite";

import { askingGraph } from "./graphs.ts";

const [kind, place = "", step = "0"] = process.argv.slice(2);

/** Stops before the writes that follow the put of a step. */
class StoppingSaver extends MemCubeSaver {
  #step = -2;
  #stored: Promise<unknown> = Promise.resolve();

  override async put(...given: Parameters<MemCubeSaver["put"]>) {
    // The graph may send the writes of a step while its put is on the way.
    this.#step = given[2].step;
    const stored = super.put(...given);
    this.#stored = stored;
    return await stored;
  }

  override async putWrites(...given: [config: object, writes: PendingWrite[], taskId: string]) {
    if (this.#step >= Number(step)) {
      await this.#stored;
      process.send?.("stopped");
      await new Promise(() => setInterval(() => undefined, 1_000));
    }
    await super.putWrites(...given);
  }
}

const storage =
  kind === "sqlite"
    ? await sqliteStorage({ path: place })
    : await redisStorage({ url: place, search: "local" });
const graph = askingGraph(new StoppingSaver({ os: createMemOS({ storage }) }));
await graph.invoke({ n: 1 }, { configurable: { thread_id: "t" }, durability: "sync" });
