import type { WorkerOptions } from "../protocol.ts";
import type { Connection } from "./connection.ts";

/** What a command works with. */
export interface Context {
  readonly db: Connection;
  readonly limits: WorkerOptions["limits"];
  /** Says that bytes were destroyed, so that the write-ahead log is emptied soon. */
  erased(): void;
}
