import { MemCubeError } from "@memcube/core";

import type { Reply } from "./connection.ts";
import type { Sender } from "./native-client.ts";
import { isErrorReply } from "./native-errors.ts";
import { fieldsOf } from "./reply-fields.ts";
import type { ServerFacts } from "./server-facts.ts";

/** The oldest that has what the scripts use (XTRIM MINID). */
const OLDEST = [6, 2] as const;

/**
 * Asks the server what it is. Every question may be forbidden: INFO, CONFIG and COMMAND often are in
 * managed Redis. What was not said is `undefined`.
 *
 * @throws MemCubeError `MEMCUBE_NOT_SUPPORTED` when the server is too old, or a node of a cluster that is
 * talked to as if it were alone
 */
export async function probeServer(sender: Sender): Promise<Omit<ServerFacts, "functions">> {
  const [server, cluster, memory, persistence, fsync, search] = await Promise.all([
    ask(sender, ["INFO", "server"]),
    ask(sender, ["INFO", "cluster"]),
    ask(sender, ["INFO", "memory"]),
    ask(sender, ["INFO", "persistence"]),
    ask(sender, ["CONFIG", "GET", "appendfsync"]),
    ask(sender, ["COMMAND", "INFO", "FT.SEARCH"]),
  ]);
  const version = infoField(server, "redis_version") ?? (await helloVersion(sender)) ?? "unknown";
  checkVersion(version);
  const isCluster = sender.kind === "cluster";
  if (!isCluster && infoField(cluster, "cluster_enabled") === "1") throw nodeOfCluster();
  return {
    version,
    isCluster,
    shardedPubSub: isCluster && atLeast(version, [7, 0]),
    queryEngine: Array.isArray(search) && Array.isArray(search[0]),
    durability: durabilityOf(infoField(persistence, "aof_enabled"), configValue(fsync)),
    evictionPolicy: infoField(memory, "maxmemory_policy"),
  };
}

async function ask(sender: Sender, command: readonly string[]): Promise<Reply> {
  try {
    return await sender.send(undefined, command, false);
  } catch (error) {
    // Forbidden or unknown is an answer too; a lost connection is not.
    if (isErrorReply(error)) return undefined;
    throw error;
  }
}

async function helloVersion(sender: Sender): Promise<string | undefined> {
  const hello = await ask(sender, ["HELLO"]);
  const version = fieldsOf(hello).get("version");
  return typeof version === "string" ? version : undefined;
}

function infoField(info: Reply, name: string): string | undefined {
  if (typeof info !== "string") return undefined;
  return new RegExp(`^${name}:(.*?)\\r?$`, "mu").exec(info)?.[1];
}

function configValue(reply: Reply): string | undefined {
  const value = fieldsOf(reply).get("appendfsync");
  return typeof value === "string" ? value : undefined;
}

function durabilityOf(
  aofEnabled: string | undefined,
  appendFsync: string | undefined,
): ServerFacts["durability"] {
  if (aofEnabled === undefined) return undefined;
  if (aofEnabled !== "1") return "none";
  return appendFsync === "always" ? "power" : "process";
}

function checkVersion(version: string): void {
  if (version === "unknown" || atLeast(version, OLDEST)) return;
  throw new MemCubeError(
    "MEMCUBE_NOT_SUPPORTED",
    `This server is Redis ${version}; ${OLDEST.join(".")} or later is needed.`,
    { details: { version, needed: OLDEST.join(".") } },
  );
}

function nodeOfCluster(): MemCubeError {
  return new MemCubeError(
    "MEMCUBE_NOT_SUPPORTED",
    "This server is a node of a cluster. Pass a client of the whole: createCluster({ rootNodes: [{ url }] }).",
  );
}

function atLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [haveMajor = 0, haveMinor = 0] = version.split(".").map(Number);
  return haveMajor > major || (haveMajor === major && haveMinor >= minor);
}
