import { COMPACT_THREADS } from "./compact-threads.ts";
import { INITIAL_SCHEMA } from "./initial.ts";
import { TAG_INDEX } from "./tags.ts";
import { THREAD_JOURNAL } from "./thread-journal.ts";

/** One step of the schema, as SQL. */
export interface Migration {
  readonly name: string;
  readonly sql: string;
}

/**
 * Steps from an empty file to the newest schema. The schema of a file (`PRAGMA user_version`) is how many
 * of them were taken.
 */
export const MIGRATIONS: readonly Migration[] = [
  { name: "initial", sql: INITIAL_SCHEMA },
  { name: "compact threads", sql: COMPACT_THREADS },
  { name: "tag index", sql: TAG_INDEX },
  { name: "thread journal", sql: THREAD_JOURNAL },
];
