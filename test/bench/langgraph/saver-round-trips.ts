import { uuid6 } from "@langchain/langgraph-checkpoint";
import { createMemOS } from "@memcube/core";
import { MemCubeSaver } from "@memcube/langgraph";
import { redisStorage } from "@memcube/redis";

import { type BareClient, inTurns, median, withRedis } from "../redis/place.ts";
import type { Report } from "../report.ts";
import { checkpointOf, type LoadedSaver, textOf } from "./saver-load.ts";

const ROUNDS = 1_500;
const OTHER_KEYS = 1_000_000;
const MESSAGES = 15;

/**
 * A checkpoint put and read beside a bare MULTI of the same bytes and beside PINGs, in an empty
 * database and in one with a million other keys.
 */
export async function benchSaverRoundTrips(report: Report): Promise<void> {
  await withRedis({}, async ({ server, bare }) => {
    const storage = await redisStorage({ url: server.url, search: "local" });
    const os = createMemOS({ storage });
    const saver = new MemCubeSaver({ os }) as LoadedSaver;
    for (const others of [0, OTHER_KEYS]) {
      await populate(bare, others);
      const messages = Array.from({ length: MESSAGES }, (_, at) => ({
        role: "user",
        id: `${at}`,
        text: textOf(30, at),
      }));
      // Each round adds a message to its thread, whose first ones are there.
      const threads = new Map<number, object>();
      const metadata = { source: "loop", step: 1, parents: {} } as never;
      const put = async (round: number, step: number, more: readonly object[]) => {
        const config = threads.get(round) ?? configOf(round, others);
        const checkpoint = checkpointOf(uuid6(step), step, [...messages, ...more]) as never;
        const versions = { messages: step + 1 } as never;
        threads.set(round, (await saver.put(config, checkpoint, metadata, versions)) as object);
      };
      for (let round = -ROUNDS / 10; round < ROUNDS; round += 1) await put(round, 0, []);
      const values = await inTurns(ROUNDS, {
        "bare MULTI": async (round) => {
          const text = JSON.stringify(checkpointOf("id", 1, messages));
          const key = `bare:${others}:${round}`;
          await bare
            .multi()
            .hSet(key, { checkpoint: text, metadata: "{}" })
            .zAdd(`${key}:ids`, { score: 0, value: "id" })
            .hSet(`${key}:blobs`, "messages:1", "1")
            .exec();
        },
        "saver.put": (round) => put(round, 1, [{ role: "user", id: "x", text: textOf(30, round) }]),
        PING: () => bare.ping(),
        "saver.getTuple": (round) => saver.getTuple(configOf(round, others) as never),
      });
      const common = { case: `saver-round-trips, ${others} other keys` };
      for (const [subject, times] of Object.entries(values)) {
        report({ ...common, subject, metric: "p50", value: median(times), unit: "ms" });
      }
      const stats = await bare.info("commandstats");
      const usec = Number(/cmdstat_fcall:.*usec_per_call=([\d.]+)/u.exec(stats)?.[1] ?? Number.NaN);
      const server = { subject: "the server", metric: "mean of writing scripts" };
      report({ ...common, ...server, value: usec / 1_000, unit: "ms" });
      const ratio = { ...common, unit: "x" };
      const [bareMs, putMs] = [median(values["bare MULTI"]), median(values["saver.put"])];
      const [ping, get] = [median(values.PING), median(values["saver.getTuple"])];
      const put15 = { subject: "put / MULTI", metric: "ratio (limit 1.5)", value: putMs / bareMs };
      report({ ...ratio, ...put15 });
      const get2 = { subject: "getTuple / PING", metric: "ratio (limit 2)", value: get / ping };
      report({ ...ratio, ...get2 });
    }
    await os.close();
  });
}

/** Keys of somebody else. */
async function populate(bare: BareClient, keys: number): Promise<void> {
  const set = "for i = ARGV[1], ARGV[1] + 9999 do redis.call('SET', 'other:' .. i, i) end";
  for (let from = 0; from < keys; from += 10_000) {
    await bare.eval(set, { keys: [], arguments: [String(from)] });
  }
}

function configOf(round: number, others: number): object {
  return { configurable: { thread_id: `${others}-${round}`, checkpoint_ns: "" } };
}
