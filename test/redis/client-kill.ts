import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { redisStorage } from "@memcube/redis";

import type { RedisServer } from "../servers/redis-server.ts";
import { createCube } from "./cube-commits.ts";
import { type Acknowledged, countLost, type KillRound } from "./kill-rounds.ts";

const CHILD = fileURLToPath(new URL("./writer-child.ts", import.meta.url));

/** Kills a client with -9 in the middle of its commits and looks what is there. */
export async function clientKillRound(server: RedisServer, prefix: string): Promise<KillRound> {
  const options = { url: server.url, prefix };
  const storage = await redisStorage(options);
  await createCube(storage.vault);
  await storage.close();
  const args = ["--conditions=@memcube/source", CHILD, server.url, prefix];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const acknowledged: Acknowledged[] = [];
  const lines = createInterface({ input: child.stdout });
  lines.on("line", (id) => {
    acknowledged.push({ id, seq: acknowledged.length, atMs: performance.now() });
  });
  const ended = once(lines, "close");
  await once(lines, "line");
  await sleep(100 + 50 * Math.random());
  child.kill("SIGKILL");
  await ended;
  // The last line may have been cut with the process.
  const whole = acknowledged.filter(({ id }) => /^child-\d+-\d+$/u.test(id));
  return countLost(options, whole);
}
