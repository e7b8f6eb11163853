import type { Database } from "./database.ts";
import type { Notes, Output } from "./output.ts";
import type { ProgressLine } from "./progress.ts";

/** What a command works with. */
export interface Context {
  /** Standard output: the result. */
  readonly out: Output;
  /** Standard error: everything about the result. */
  readonly notes: Notes;
  readonly input: NodeJS.ReadStream;
  readonly json: boolean;
  readonly quiet: boolean;
  /** Ends what is running: Ctrl-C, or nobody reads the output any more. */
  readonly signal: AbortSignal;
  readonly database: Database;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly progress: (label: string) => ProgressLine;
}
