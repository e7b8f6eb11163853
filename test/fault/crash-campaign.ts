import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { sqliteStorage } from "@memcube/sqlite";

import type { Acknowledged } from "./acknowledged.ts";
import { checkAfterCrash } from "./check-after-crash.ts";
import { startWriter } from "./killable-writer.ts";

export interface CrashCampaign {
  /** How often writers are started and killed. */
  readonly rounds: number;
  /** Writing processes at a time. */
  readonly writers: number;
  readonly durability: "power" | "process";
  /** Longest time a round writes before the kill, in milliseconds. @default 400 */
  readonly longestMs?: number;
}

export interface CrashReport {
  readonly rounds: number;
  /** Commits acknowledged to writers before they were killed. */
  readonly acknowledged: number;
  /** Commits in the logs afterwards: at least as many. */
  readonly commits: number;
  readonly tasks: number;
}

/**
 * Kills writing processes (SIGKILL) over and over and checks each time that nothing acknowledged is
 * lost and that log, versions, index and tasks agree. The file goes on from round to round.
 *
 * @throws AssertionError with the first thing that does not hold
 */
export async function crashCampaign(campaign: CrashCampaign): Promise<CrashReport> {
  const { rounds, writers, longestMs = 400 } = campaign;
  const directory = await mkdtemp(join(tmpdir(), "memcube-crash-"));
  const path = join(directory, "memory.db");
  const acknowledged: Acknowledged[] = [];
  let commits = 0;
  let tasks = 0;
  try {
    for (let round = 0; round < rounds; round += 1) {
      const running = Array.from({ length: writers }, (_, index) =>
        startWriter<Acknowledged>("writer-process.ts", [
          path,
          `${index}`,
          String(round),
          campaign.durability,
        ]),
      );
      await Promise.all(running.map(({ begun }) => begun));
      await pause(longestMs * Math.random());
      for (const { child } of running) child.kill("SIGKILL");
      for (const writer of running) acknowledged.push(...(await writer.lines()));
      const storage = await sqliteStorage({ path, durability: "process" });
      const found = await checkAfterCrash(storage, path, acknowledged);
      await storage.close();
      commits = found.commits;
      tasks += found.tasks;
    }
    return { rounds, acknowledged: acknowledged.length, commits, tasks };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
