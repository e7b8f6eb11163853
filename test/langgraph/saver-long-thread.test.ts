import { emptyCheckpoint } from "@langchain/langgraph-checkpoint";
import { expect, test } from "vitest";

import { eachStorage } from "../servers/each-storage.ts";
import { all, METADATA, saverWorlds, thread } from "./saver-world.ts";

const CHECKPOINTS = 10_000;

/** Puts of one stage, of which the median is compared. */
const STAGE = 1_000;

eachStorage((name, open) => {
  const makeWorld = saverWorlds(open);

  // The reference storage is made to be read, not to be fast.
  test.skipIf(name === "memory")(
    "puts and reads take as long at its end as at its beginning",
    { timeout: 120_000 },
    async () => {
      const { saver: makeSaver } = await makeWorld();
      const saver = makeSaver();
      const ids = Array.from(
        { length: CHECKPOINTS },
        (_, at) => `id-${String(at).padStart(6, "0")}`,
      );
      const stages: number[][] = [];
      let config: object = thread("long");
      for (const [at, id] of ids.entries()) {
        const checkpoint = {
          ...emptyCheckpoint(),
          id,
          channel_values: { turn: `turn ${at}`, kept: "the same in each ".repeat(20) },
          channel_versions: { turn: at + 1, kept: 1 },
        };
        const started = performance.now();
        const changed = { turn: at + 1, ...(at === 0 ? { kept: 1 } : {}) };
        config = await saver.put(config, checkpoint, { ...METADATA, step: at }, changed);
        (stages[Math.floor(at / STAGE)] ??= []).push(performance.now() - started);
      }

      const first = medianOf(stages[1] ?? []);
      const last = medianOf(stages.at(-1) ?? []);
      expect(last).toBeLessThan(3 * first);

      const reader = makeSaver();
      const newest = await reader.getTuple(thread("long"));
      expect(newest?.checkpoint.id).toBe(ids.at(-1));
      const oldest = await reader.getTuple(thread("long", { checkpoint_id: ids[0] }));
      expect(oldest?.checkpoint.channel_values.turn).toBe("turn 0");
      expect(oldest?.checkpoint.channel_values.kept).toBe(newest?.checkpoint.channel_values.kept);
      expect(oldest?.parentConfig).toBeUndefined();

      const someOf = async (options: object): Promise<(string | undefined)[]> =>
        (await all(reader.list(thread("long"), options))).map(({ checkpoint }) => checkpoint.id);
      expect(await someOf({ limit: 3 })).toEqual(ids.slice(-3).toReversed());
      const before = thread("long", { checkpoint_id: ids[2] });
      expect(await someOf({ limit: 10, before })).toEqual([ids[1], ids[0]]);
      const times = { newest: thread("long"), oldest: thread("long", { checkpoint_id: ids[0] }) };
      const took = { newest: 0, oldest: 0 };
      for (const name of ["newest", "oldest"] as const) {
        const samples: number[] = [];
        for (let round = 0; round < 50; round += 1) {
          const started = performance.now();
          await reader.getTuple(times[name]);
          samples.push(performance.now() - started);
        }
        took[name] = medianOf(samples);
      }
      expect(took.oldest).toBeLessThan(3 * took.newest);
      expect(took.newest).toBeLessThan(3 * took.oldest);
      expect(await all(reader.list(thread("long")))).toHaveLength(CHECKPOINTS);
    },
  );
});

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
