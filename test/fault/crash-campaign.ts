import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { sqliteStorage } from "@memcube/sqlite";

import type { Acknowledged } from "./acknowledged.ts";
import { checkAfterCrash } from "./check-after-crash.ts";

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
        startWriter(campaign, path, `${index}`, round),
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

interface Writer {
  readonly child: ChildProcess;
  /** Resolves with its first acknowledged commit. */
  readonly begun: Promise<void>;
  /** All it said, once it is dead. A last line that was cut off counts as not said. */
  lines(): Promise<Acknowledged[]>;
}

function startWriter(
  { durability }: CrashCampaign,
  path: string,
  name: string,
  round: number,
): Writer {
  const program = join(import.meta.dirname, "writer-process.ts");
  const args = ["--conditions=@memcube/source", program, path, name, String(round), durability];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  let complaints = "";
  const begun = Promise.withResolvers<void>();
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
    if (said.includes("\n")) begun.resolve();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text));
  const exited = once(child, "close").then(() => {
    begun.reject(new Error(`the writer ended by itself: ${complaints}`));
    return child.signalCode;
  });
  return {
    child,
    begun: begun.promise,
    lines: async () => {
      const signal = await exited;
      if (signal !== "SIGKILL") throw new Error(`the writer ended by itself: ${complaints}`);
      return said
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Acknowledged);
    },
  };
}
