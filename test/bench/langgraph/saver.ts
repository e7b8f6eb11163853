import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

import { MemorySaver, uuid6 } from "@langchain/langgraph-checkpoint";
import { createMemOS } from "@memcube/core";
import { MemCubeSaver } from "@memcube/langgraph";
import { redisStorage } from "@memcube/redis";

import { openAt, withDirectory } from "../core/place.ts";
import { withRedis } from "../redis/place.ts";
import type { Measurement, Report } from "../report.ts";
import { linesOf } from "./saver-lines.ts";
import { type LoadedSaver, loadSaver } from "./saver-load.ts";

const PEERS = join(import.meta.dirname, "../peers");

/** Conversations put step by step and read again, on each storage and beside other checkpointers. */
export async function benchSaver(report: Report): Promise<void> {
  await measure(report, "MemorySaver", new MemorySaver());
  for (const durability of ["power", "process"] as const) {
    await withDirectory(async (directory) => {
      const os = await openAt(join(directory, "memory.db"), { durability });
      const saver = new MemCubeSaver({ os }) as LoadedSaver;
      await measure(report, `memcube sqlite, ${durability}`, saver);
      await os.close();
    });
  }
  await withRedis({}, async ({ server }) => {
    const os = createMemOS({ storage: await redisStorage({ url: server.url, search: "local" }) });
    await measure(report, "memcube redis", new MemCubeSaver({ os }));
    await os.close();
    for (const line of peerLines(server.url)) report(line);
  });
}

async function measure(report: Report, subject: string, saver: LoadedSaver): Promise<void> {
  const figures = await loadSaver(saver, uuid6);
  for (const line of linesOf(subject, figures)) report(line);
}

/** Of SqliteSaver and RedisSaver, where test/bench/peers was installed (see its README). */
function peerLines(redisUrl: string): Omit<Measurement, "suite">[] {
  const script = "langgraph-savers.ts";
  if (!existsSync(join(PEERS, "node_modules/@langchain/langgraph-checkpoint-sqlite"))) return [];
  const { stdout, status } = spawnSync(process.execPath, [script, redisUrl], {
    cwd: PEERS,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (status !== 0) throw new Error(`${script} ended with ${status}`);
  return stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Omit<Measurement, "suite">);
}
