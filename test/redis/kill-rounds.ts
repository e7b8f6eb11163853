import { setTimeout as sleep } from "node:timers/promises";

import { isMemCubeError } from "@memcube/core";
import { redisStorage } from "@memcube/redis";

import type { RedisServer } from "../servers/redis-server.ts";
import { addMemory, CUBE, createCube, readIds, readLog } from "./cube-commits.ts";

/** What became of the commits of one round. */
export interface KillRound {
  readonly acknowledged: number;
  /** Acknowledged, and not there afterwards. */
  readonly lost: number;
  /** Whether the log of the cube is dense and linked. */
  readonly logIsSound: boolean;
}

/** Writers that commit at the same time, so that the server dies with several under way. */
const WRITERS = 4;

/** Kills the server with -9 in the middle of writes, starts it again and looks what is there. */
export async function killRound(server: RedisServer, prefix: string): Promise<KillRound> {
  const options = { url: server.url, prefix, timeoutMs: 500 };
  const storage = await redisStorage(options);
  await createCube(storage.vault);
  const acknowledged: string[] = [];
  let dead = false;
  const write = async (writer: number): Promise<void> => {
    for (let at = 0; !dead; at += 1) {
      const id = `w${writer}-${at}`;
      try {
        await addMemory(storage.vault, id);
        acknowledged.push(id);
      } catch (error) {
        if (!isMemCubeError(error, "MEMCUBE_STORAGE_UNREACHABLE")) throw error;
      }
    }
  };
  const writers = Array.from({ length: WRITERS }, (_, writer) => write(writer));
  await sleep(120 + 30 * Math.random());
  await server.kill();
  dead = true;
  await Promise.all(writers);
  await storage.close();
  await server.restart();
  return countLost(options, acknowledged);
}

/** Opens the storage anew and counts which of the acknowledged memories are not there. */
export async function countLost(
  options: { readonly url: string; readonly prefix: string },
  acknowledged: readonly string[],
): Promise<KillRound> {
  const storage = await redisStorage(options);
  try {
    const there = await readIds(storage.vault, acknowledged);
    const log = await readLog(storage.vault, CUBE).catch(() => undefined);
    const lost = acknowledged.filter((id) => !there.has(id)).length;
    return { acknowledged: acknowledged.length, lost, logIsSound: log !== undefined };
  } finally {
    await storage.close();
  }
}
