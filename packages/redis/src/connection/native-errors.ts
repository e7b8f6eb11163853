import { type ErrorCode, isMemCubeError, MemCubeError } from "@memcube/core";
import { ErrorReply } from "redis";

/** What the error codes of Redis (the first word of an error reply) mean to a caller. */
const MEANINGS: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  OOM: ["MEMCUBE_STORAGE_FULL", "Redis has reached maxmemory. Nothing acknowledged is lost."],
  MISCONF: [
    "MEMCUBE_STORAGE_FULL",
    "Redis refuses writes because it can't save to its disk: see its log.",
  ],
  READONLY: [
    "MEMCUBE_STORAGE_UNREACHABLE",
    "The server is a replica: a failover may be under way. Try again.",
  ],
  LOADING: ["MEMCUBE_BUSY", "Redis is loading its data; try again."],
  BUSY: ["MEMCUBE_BUSY", "Redis is busy with a script of somebody else; try again."],
  SEARCH_TIMEOUT: ["MEMCUBE_BUSY", "The query engine ran out of time; try again."],
  TRYAGAIN: ["MEMCUBE_BUSY", "Slots of the cluster are moving; try again."],
  CLUSTERDOWN: ["MEMCUBE_STORAGE_UNREACHABLE", "The cluster is down; try again."],
  MASTERDOWN: ["MEMCUBE_STORAGE_UNREACHABLE", "The master is down; try again."],
  NOREPLICAS: ["MEMCUBE_STORAGE_UNREACHABLE", "Too few replicas are there to write; try again."],
  NOAUTH: ["MEMCUBE_STORAGE_FAILED", "Redis wants a password: give it in the URL or the client."],
  WRONGPASS: ["MEMCUBE_STORAGE_FAILED", "Redis refused the user name or password."],
  NOPERM: [
    "MEMCUBE_STORAGE_FAILED",
    "The Redis user may not do this: the README of @memcube/redis lists what it needs.",
  ],
  WRONGTYPE: [
    "MEMCUBE_STORAGE_DAMAGED",
    "A key holds something else than memcube wrote: another program shares the key prefix.",
  ],
  MOVED: [
    "MEMCUBE_STORAGE_FAILED",
    "The server is part of a cluster: give a client made by createCluster.",
  ],
  ASK: [
    "MEMCUBE_STORAGE_FAILED",
    "The server is part of a cluster: give a client made by createCluster.",
  ],
};

/** Errors of node-redis that say the command was never sent, by name of their class. */
const NOT_SENT = new Set(["ClientOfflineError", "ClientClosedError", "AbortError"]);

/** Whether the error is the server's own answer: then it was reached. */
export function isErrorReply(error: unknown): error is ErrorReply {
  return error instanceof ErrorReply;
}

/** The error code of a reply: its first word, by the protocol. */
export function replyCode(error: ErrorReply): string {
  return /^[A-Z]+/u.exec(error.message)?.[0] ?? "";
}

/** Set to `search-on-timeout fail`; engines before 8.4 have no code for it. */
function isSearchTimeout({ message }: ErrorReply): boolean {
  return /^(?:SEARCH_TIMEOUT\b|Timeout limit was reached)/u.test(message);
}

/** Whether the command certainly did not happen. */
export function isNotSent(error: unknown): boolean {
  return error instanceof Error && NOT_SENT.has(error.constructor.name);
}

/** The one place where native errors become codes of memcube. */
export function mapError(error: unknown): MemCubeError {
  if (isMemCubeError(error)) return error;
  if (isErrorReply(error)) {
    const redis = isSearchTimeout(error) ? "SEARCH_TIMEOUT" : replyCode(error);
    const [code, message] = MEANINGS[redis] ?? UNKNOWN;
    return new MemCubeError(code, message, { details: { redis }, cause: error });
  }
  if (isDefect(error)) {
    const message = "The Redis storage failed; this is a defect of it, please report the cause.";
    return new MemCubeError("MEMCUBE_STORAGE_FAILED", message, { cause: error });
  }
  const outcome = isNotSent(error) ? "not done" : "unknown";
  return unreachable(outcome, error);
}

/** Whether code went wrong rather than the connection: not to be hidden behind a retry. */
function isDefect(error: unknown): boolean {
  return [TypeError, ReferenceError, RangeError, SyntaxError].some((kind) => error instanceof kind);
}

const UNKNOWN = ["MEMCUBE_STORAGE_FAILED", "Redis reported an error."] as const;

/** @param outcome "unknown" when the call may have happened all the same */
export function unreachable(outcome: "not done" | "unknown", cause?: unknown): MemCubeError {
  const why =
    outcome === "unknown"
      ? "Redis did not answer: whether the call happened is unknown."
      : "Redis can't be reached.";
  return new MemCubeError("MEMCUBE_STORAGE_UNREACHABLE", why, { details: { outcome }, cause });
}
