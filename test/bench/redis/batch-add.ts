import { type CommitRequest, createMemOS } from "@memcube/core";
import { redisStorage } from "@memcube/redis";

import { makeCorpus } from "../corpus.ts";
import type { Report } from "../report.ts";
import { bareFields, bareLine, benchCommit, benchWrite } from "./bench-memories.ts";
import { batchSizeOf, makeCube, median, withRedis } from "./place.ts";

const MEMORIES = 10_240;
const ROUNDS = 5;
/** Batches under way at a time. */
const WINDOW = 4;

/** Memories written in commits as `add` makes them, beside plain pipelined writes of the same bytes. */
export async function benchBatchAdd(report: Report): Promise<void> {
  await withRedis({}, async ({ server, storage, bare }) => {
    const { vault } = storage;
    const size = batchSizeOf(vault);
    const bareRates: number[] = [];
    const ourRates: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const cube = await makeCube(vault, `batches-${round}`);
      const commits = Array.from({ length: MEMORIES / size }, (_, batch) =>
        benchCommit(
          cube,
          Array.from({ length: size }, (__, at) => {
            const place = batch * size + at;
            return benchWrite(cube, `m${place}`, place);
          }),
        ),
      );
      bareRates.push(
        await rateOf(commits, async (commit) => {
          const writes = commit.writes.flatMap((write) => (write.op === "put" ? [write] : []));
          await Promise.all([
            ...writes.map((write) => bare.hSet(`bare:${round}:${write.id}`, bareFields(write))),
            bare.xAdd(`bare:log:${round}`, "*", bareLine(commit)),
          ]);
        }),
      );
      ourRates.push(
        await rateOf(commits, async (commit) => {
          await vault.commit(commit);
        }),
      );
    }
    const os = createMemOS({ storage: await redisStorage({ url: server.url, prefix: "os" }) });
    const cube = await os.as({ userId: "ada" }).createCube("batches");
    const texts = makeCorpus(MEMORIES).map(({ text }) => text);
    const started = performance.now();
    await cube.add(texts);
    const added = (texts.length * 1_000) / (performance.now() - started);
    await os.close();

    const common = { case: "batch-add", metric: "memories_per_second", unit: "1/s" };
    report({ ...common, subject: "bare pipelined HSET", value: median(bareRates) });
    report({ ...common, subject: `vault.commit of ${size}`, value: median(ourRates) });
    report({ ...common, subject: "cube.add of 10,240", value: added });
    report({
      ...common,
      subject: "vault.commit / bare",
      metric: "batch_ratio (limit 0.6)",
      value: median(ourRates) / median(bareRates),
      unit: "x",
    });
  });
}

/** Memories per second when some batches are under way at a time. */
async function rateOf(
  commits: readonly CommitRequest[],
  send: (commit: CommitRequest) => Promise<void>,
): Promise<number> {
  const started = performance.now();
  const queue = commits.values();
  const work = async (): Promise<void> => {
    for (const commit of queue) await send(commit);
  };
  await Promise.all(Array.from({ length: WINDOW }, work));
  return (MEMORIES * 1_000) / (performance.now() - started);
}
