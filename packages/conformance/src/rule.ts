import type { Storage } from "@memcube/core";

import type { StoragePlace } from "./place.ts";

/** The ports a storage bundles, and `storage` for the bundle itself. */
export const PORTS = ["storage", "vault", "threads", "queue", "topic", "blobs", "usage"] as const;
export type PortName = (typeof PORTS)[number];

/** What a rule works with: a place of its own, in which nothing was written yet. */
export interface RuleContext {
  readonly place: StoragePlace;
  /** An open handle. */
  readonly storage: Storage;
  /**
   * Another handle on the same place, as a second process would have it. Where a place allows one
   * handle only, that one: the rule then races calls instead of handles.
   */
  another(): Promise<Storage>;
  /** Closes every handle and opens the place again. */
  reopen(): Promise<Storage>;
}

/** One thing every storage must do. Data, so that suites and tests of the suite can go over it. */
export interface Rule {
  readonly port: PortName;
  readonly topic: string;
  /** A sentence that is true of a storage that keeps the rule. */
  readonly name: string;
  /** What of a place the rule can't do without. */
  readonly needs?: "damageBlob";
  /** Rejects when the storage breaks the rule. */
  run(context: RuleContext): Promise<void>;
}

/** Rules of one topic, written as sentence and check. */
export function rulesOf(
  port: PortName,
  topic: string,
  checks: Readonly<Record<string, Rule["run"]>>,
): readonly Rule[] {
  return Object.entries(checks).map(([name, run]) => ({ port, topic, name, run }));
}
