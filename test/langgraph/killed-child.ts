/**
 * Runs the asking graph up to a point at which it tells its parent so and waits to be killed.
 * Arguments: storage ("sqlite" or "redis"), its path or URL, and the point: after the put of a
 * checkpoint of this step and before its writes.
 */
import { createMemOS } from "@memcube/core";
import { MemCubeSaver } from "@memcube/langgraph";
import { redisStorage } from "@memcube/redis";
import { sqliteStorage } from "@memcube/sqlite";

import { askingGraph } from "./graphs.ts";

const [kind, place = "", step = "0"] = process.argv.slice(2);

const FOR_EVER = new Promise<never>(() => setInterval(() => undefined, 1_000));

/** Stops before the writes that follow the put of a step. */
class StoppingSaver extends MemCubeSaver {
  /** Puts of the steps to stop at, by checkpoint: the graph may send writes while a put is on the way. */
  readonly #puts = new Map<string, Promise<unknown>>();

  #isStopped = false;

  override async put(...given: Parameters<MemCubeSaver["put"]>) {
    const [, checkpoint, metadata] = given;
    // A graph does not wait for its writes: what would come behind them is stopped, too.
    if (this.#isStopped) return await FOR_EVER;
    const stored = super.put(...given);
    if (metadata.step >= Number(step)) this.#puts.set(checkpoint.id, stored);
    return await stored;
  }

  override async putWrites(...given: Parameters<MemCubeSaver["putWrites"]>) {
    const id: unknown = given[0].configurable?.["checkpoint_id"];
    const put = this.#puts.get(String(id));
    if (put !== undefined) {
      this.#isStopped = true;
      await put;
      process.send?.("stopped");
      await FOR_EVER;
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
