import { createMemOS } from "@memcube/core";
import { redisStorage } from "@memcube/redis";

import { percentile, type Report } from "../report.ts";
import { bareFields, bareLine, benchCommit, benchWrite } from "./bench-memories.ts";
import { inTurns, makeCube, median, withRedis } from "./place.ts";

const ROUNDS = 3_000;
const ACCESS = { principals: ["user:ada", "everyone"] } as const;

/** One memory read and one written, beside plain commands with the same bytes on the same server. */
export async function benchRoundTrips(report: Report): Promise<void> {
  for (const appendFsync of ["everysec", "always"] as const) {
    await withRedis({ appendFsync }, async ({ server, storage, bare }) => {
      const { vault } = storage;
      const cube = await makeCube(vault, "round-trips");
      const os = createMemOS({ storage: await redisStorage({ url: server.url, prefix: "os" }) });
      const mine = await os.as({ userId: "ada" }).createCube("mine");
      const ids: string[] = [];
      const say = (subject: string, metric: string, values: readonly number[]): void => {
        const common = { case: `round-trips, ${appendFsync}`, subject, unit: "ms" };
        report({ ...common, metric: `${metric}_p50`, value: median(values) });
        report({ ...common, metric: `${metric}_p95`, value: percentile(values, 0.95) });
      };

      const rounds = appendFsync === "always" ? ROUNDS / 3 : ROUNDS;
      // Made before the clock starts: the same for both.
      const requests = (name: string) =>
        Array.from({ length: rounds * 1.1 }, (_, at) => {
          const round = at - rounds / 10;
          const write = benchWrite(cube, `${name}-${round}`, at);
          return { write, commit: benchCommit(cube, [write]) };
        });
      const plain = requests("bare").map(({ write, commit }) => ({
        fields: bareFields(write),
        line: bareLine(commit),
      }));
      const ours = requests("ours").map(({ commit }) => commit);
      const commits = await inTurns(rounds, {
        "bare MULTI": async (round) => {
          const { fields = {}, line = {} } = plain[round + rounds / 10] ?? {};
          await bare.multi().hSet(`bare:${round}`, fields).xAdd("bare:log", "*", line).exec();
        },
        "vault.commit": async (round) => {
          const commit = ours[round + rounds / 10];
          if (commit !== undefined) await vault.commit(commit);
        },
        "cube.add": async (round) => {
          const { ids: added } = await mine.add(`Ada bought map number ${round} in Oslo`);
          ids.push(...added);
        },
      });
      for (const [subject, values] of Object.entries(commits)) say(subject, "commit", values);

      const reads = await inTurns(rounds, {
        "bare HGETALL": (round) => bare.hGetAll(`bare:${Math.abs(round)}`),
        "vault.read": (round) =>
          vault.read(cube, { access: ACCESS, ids: [`ours-${Math.abs(round)}`] }),
        "cube.get": (round) => mine.get(ids[Math.abs(round)] ?? ""),
      });
      for (const [subject, values] of Object.entries(reads)) say(subject, "get", values);
      const ratio = { case: `round-trips, ${appendFsync}`, unit: "x" };
      report({
        ...ratio,
        subject: "vault.read / HGETALL",
        metric: "get_ratio (limit 1.5)",
        value: median(reads["vault.read"]) / median(reads["bare HGETALL"]),
      });
      report({
        ...ratio,
        subject: "vault.commit / MULTI",
        metric: "commit_ratio (limit 2)",
        value: median(commits["vault.commit"]) / median(commits["bare MULTI"]),
      });
      await os.close();
    });
  }
}
