import type { WorkerOptions } from "../protocol.ts";
import type { Connection } from "./connection.ts";
import type { TermIndex } from "./term-index.ts";

/** What a command works with. */
export interface Context {
  readonly db: Connection;
  readonly terms: TermIndex;
  readonly limits: WorkerOptions["limits"];
  /** Says that bytes were destroyed, so that the write-ahead log is emptied soon. */
  erased(): void;
}
