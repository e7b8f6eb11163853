import { setTimeout as sleep } from "node:timers/promises";

import { isMemCubeError } from "@memcube/core";
import { redisStorage } from "@memcube/redis";

import type { RedisServer } from "../servers/redis-server.ts";
import { addMemory, CUBE, createCube, readIds, readLog } from "./cube-commits.ts";

/** A commit that was acknowledged. */
export interface Acknowledged {
  readonly id: string;
  /** Its place among the commits of its cube. */
  readonly seq: number;
  /** When, by `performance.now()`. */
  readonly atMs: number;
}

/** What became of the commits of one round. */
export interface KillRound {
  readonly acknowledged: number;
  /** Acknowledged, and not there afterwards. */
  readonly lost: number;
  /** From the first acknowledgement of what was lost to the last of all; 0 when nothing was lost. */
  readonly lostSpanMs: number;
  /** Whether all that was lost came after all that is there. */
  readonly keepsPrefix: boolean;
  /** Whether the log of the cube is dense and linked. */
  readonly logIsSound: boolean;
}

/** Writers that commit at the same time, so that the server dies with several under way. */
const WRITERS = 4;

/**
 * Kills the server with -9 in the middle of writes, starts it again and looks what is there.
 *
 * @param writeMs for how long there were writes before
 */
export async function killRound(
  server: RedisServer,
  prefix: string,
  writeMs = 120 + 30 * Math.random(),
): Promise<KillRound> {
  const options = { url: server.url, prefix, timeoutMs: 500 };
  const storage = await redisStorage(options);
  await createCube(storage.vault);
  const acknowledged: Acknowledged[] = [];
  let dead = false;
  const write = async (writer: number): Promise<void> => {
    for (let at = 0; !dead; at += 1) {
      const id = `w${writer}-${at}`;
      try {
        const { position } = await addMemory(storage.vault, id);
        acknowledged.push({ id, seq: position.seq, atMs: performance.now() });
      } catch (error) {
        if (!isMemCubeError(error, "MEMCUBE_STORAGE_UNREACHABLE")) throw error;
      }
    }
  };
  const writers = Array.from({ length: WRITERS }, (_, writer) => write(writer));
  await sleep(writeMs);
  await server.kill();
  dead = true;
  await Promise.all(writers);
  await storage.close();
  await server.restart();
  return countLost(options, acknowledged);
}

/** Opens the storage anew and looks which of the acknowledged memories are not there. */
export async function countLost(
  options: { readonly url: string; readonly prefix: string },
  acknowledged: readonly Acknowledged[],
): Promise<KillRound> {
  const storage = await redisStorage(options);
  try {
    const ids = acknowledged.map(({ id }) => id);
    const there = await readIds(storage.vault, ids);
    const log = await readLog(storage.vault, CUBE).catch(() => undefined);
    const lost = acknowledged.filter(({ id }) => !there.has(id));
    const kept = acknowledged.filter(({ id }) => there.has(id));
    const firstLostMs = Math.min(...lost.map(({ atMs }) => atMs));
    const lastMs = Math.max(...acknowledged.map(({ atMs }) => atMs));
    const firstLostSeq = Math.min(...lost.map(({ seq }) => seq));
    return {
      acknowledged: acknowledged.length,
      lost: lost.length,
      lostSpanMs: lost.length === 0 ? 0 : lastMs - firstLostMs,
      keepsPrefix: kept.every(({ seq }) => seq < firstLostSeq),
      logIsSound: log !== undefined,
    };
  } finally {
    await storage.close();
  }
}
