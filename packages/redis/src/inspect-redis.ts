import { isMemCubeError } from "@memcube/core";

import { type OpenConnection, openConnection } from "./connection/open-connection.ts";
import { fieldsOf } from "./connection/reply-fields.ts";
import { parseOptions, type RedisStorageOptions } from "./options.ts";

/** One thing that was looked at. */
export interface RedisCheck {
  readonly name: "server" | "scripts" | "search" | "durability" | "memory" | "feed";
  readonly result: "ok" | "warning" | "failed";
  readonly detail: string;
}

/** Threads of the query engine: with none its queries run on the one thread of the server. */
const WORKERS = "search-workers";

/**
 * Says what a server can do for memcube and what it lacks. Loads the scripts, as opening a storage
 * does, and writes nothing else.
 *
 * @throws TypeError for wrong options
 */
export async function inspectRedis(options: RedisStorageOptions): Promise<readonly RedisCheck[]> {
  const parsed = parseOptions({ ...options, allowEviction: true });
  let connection: OpenConnection;
  try {
    connection = await openConnection(parsed);
  } catch (error) {
    if (!isMemCubeError(error)) throw error;
    return [{ name: "server", result: "failed", detail: error.message }];
  }
  try {
    const { server, kind } = connection;
    return [
      {
        name: "server",
        result: "ok",
        detail: `Redis ${server.version}${server.isCluster ? ", a cluster" : ""}`,
      },
      server.functions
        ? { name: "scripts", result: "ok", detail: "as functions" }
        : {
            name: "scripts",
            result: "warning",
            detail: "through EVALSHA: FUNCTION is not allowed",
          },
      await checkSearch(connection),
      checkDurability(server.durability),
      checkMemory(server.evictionPolicy),
      kind === "cluster" && !server.shardedPubSub
        ? {
            name: "feed",
            result: "warning",
            detail: "a cluster before 7.0: each search asks the server whether the cube changed",
          }
        : { name: "feed", result: "ok", detail: "a cube that nobody changes costs no round trip" },
    ];
  } finally {
    await connection.close();
  }
}

async function checkSearch(connection: OpenConnection): Promise<RedisCheck> {
  if (!connection.server.queryEngine) {
    return {
      name: "search",
      result: "ok",
      detail: "local: no query engine, every process builds its own index of the cubes it searches",
    };
  }
  const workers = await settingOf(connection, WORKERS);
  return workers === "0"
    ? {
        name: "search",
        result: "warning",
        detail: `query engine, ${WORKERS} 0: its queries hold up all other commands; set it to 2 or more`,
      }
    : { name: "search", result: "ok", detail: "query engine" };
}

/** A setting of the server; `undefined` where CONFIG is not allowed. */
async function settingOf(connection: OpenConnection, name: string): Promise<string | undefined> {
  try {
    const reply = await connection.send(undefined, ["CONFIG", "GET", name]);
    const value = fieldsOf(reply).get(name);
    return typeof value === "string" ? value : undefined;
  } catch (error) {
    if (isMemCubeError(error, "MEMCUBE_STORAGE_FAILED")) return undefined;
    throw error;
  }
}

function checkDurability(durability: "power" | "process" | "none" | undefined): RedisCheck {
  switch (durability) {
    case "power":
      return { name: "durability", result: "ok", detail: "power: appendfsync always" };
    case "process":
      return {
        name: "durability",
        result: "ok",
        detail:
          "process: unless appendfsync is always, a crash of the server or a power failure may take the last seconds",
      };
    case "none":
      return {
        name: "durability",
        result: "warning",
        detail: "none: without appendonly yes a restart of the server loses what was not saved",
      };
    case undefined:
      return {
        name: "durability",
        result: "warning",
        detail: "unknown: INFO is not allowed; pass `durability` to say what the server keeps",
      };
  }
}

function checkMemory(policy: string | undefined): RedisCheck {
  if (policy === undefined) {
    return { name: "memory", result: "warning", detail: "unknown what is evicted when it is full" };
  }
  return policy.startsWith("allkeys")
    ? {
        name: "memory",
        result: "failed",
        detail: `maxmemory-policy ${policy} throws memories away when it is full: set noeviction`,
      }
    : { name: "memory", result: "ok", detail: `maxmemory-policy ${policy}` };
}
