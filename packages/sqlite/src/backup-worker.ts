import * as sqlite from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";

import type { Failure } from "./protocol.ts";
import { emptyJournal } from "./worker/commands/threads/journal.ts";
import { Connection } from "./worker/connection.ts";
import { failureOf } from "./worker/native-errors.ts";
import { withPatience } from "./worker/patience.ts";

export interface BackupWorkerOptions {
  readonly path: string;
  readonly target: string;
  readonly busyTimeoutMs: number;
}

export type FromBackupWorker =
  | { readonly done: number; readonly total: number }
  | { readonly finished: true }
  | { readonly failed: Failure };

/** Pages copied in one step: 4 MiB. */
const STEP_PAGES = 1_024;

/** Entry of the thread that copies the database, through a connection of its own. */
async function main(): Promise<void> {
  const { path, target, busyTimeoutMs } = workerData as BackupWorkerOptions;
  const say = (message: FromBackupWorker): void => parentPort?.postMessage(message);
  try {
    const source = new sqlite.DatabaseSync(path, { readOnly: true, timeout: busyTimeoutMs });
    // One snapshot for the whole copy: otherwise each commit of anybody would start it over again.
    source.exec("BEGIN");
    withPatience(busyTimeoutMs, () => source.prepare("SELECT count(*) FROM sqlite_schema").get());
    await copy(source, target, say);
    const pages = Number(source.prepare("PRAGMA page_count").get()?.["page_count"]);
    say({ done: pages, total: pages });
    source.close();
    finish(target);
    say({ finished: true });
  } catch (error) {
    say({ failed: failureOf(error, path) });
  }
}

async function copy(
  source: sqlite.DatabaseSync,
  target: string,
  say: (message: FromBackupWorker) => void,
): Promise<void> {
  if (typeof sqlite.backup === "function") {
    await sqlite.backup(source, target, {
      rate: STEP_PAGES,
      progress: ({ totalPages, remainingPages }) =>
        say({ done: totalPages - remainingPages, total: totalPages }),
    });
    return;
  }
  // Node before 22.16. It takes a snapshot of its own, and must not stand in a transaction.
  source.exec("COMMIT");
  source.prepare("VACUUM INTO ?").run(target);
}

/**
 * Lays out steps of threads that wait, so that the copy is read where it can't be written, and checks it.
 * @throws when the copy is not sound
 */
function finish(target: string): void {
  const database = new sqlite.DatabaseSync(target);
  try {
    database.exec("PRAGMA secure_delete = ON");
    emptyJournal(new Connection(database));
    // Leaves one file: the copy is complete without a log beside it.
    database.exec("PRAGMA journal_mode = DELETE");
    const [row] = database.prepare("PRAGMA quick_check(1)").all();
    if (row?.["quick_check"] !== "ok")
      throw new Error(`quick_check: ${String(row?.["quick_check"])}`);
  } finally {
    database.close();
  }
}

await main();
