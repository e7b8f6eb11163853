import type { ErrorCode } from "@memcube/core";

import type { CommandName } from "./worker/commands/index.ts";

/** What the thread is told when it starts. */
export interface WorkerOptions {
  readonly path: string;
  readonly durability: "power" | "process";
  readonly busyTimeoutMs: number;
  readonly cacheBytes: number;
  /** Bounds of core, so that the thread need not load it. */
  readonly limits: { readonly taskAttempts: number; readonly topicMessages: number };
  /** For tests of a full disk: the file grows to so many pages at most. */
  readonly maxPages?: number;
}

export interface Request {
  readonly id: number;
  readonly name: CommandName;
  readonly input: unknown;
}

/** An error on its way between the threads. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
  /** The native error in words, for people. */
  readonly cause?: string;
}

export type Reply =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly failure: Failure };

/**
 * What the thread does beside calls, and nobody waits for: beginning the write-ahead log, making it as long as
 * it will be, copying it into the file, laying out the journal of threads.
 */
export type Chore = "begin log" | "make room" | "copy log" | "lay out journal";

export type ToWorker =
  | { readonly requests: readonly Request[] }
  | { readonly chore: Chore }
  | { readonly close: true };

export type FromWorker =
  | { readonly opened: Opened }
  | { readonly failed: Failure }
  | { readonly replies: readonly Reply[]; readonly unfinished: boolean }
  | { readonly unfinished: boolean }
  | { readonly closed: true };

/** What opening found. */
export interface Opened {
  readonly readOnly: boolean;
  /** Dropped cubes of which something is left to destroy. */
  readonly dropped: boolean;
  /** Whether there is a full-text index. */
  readonly candidates: boolean;
}
