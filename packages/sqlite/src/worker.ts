import { parentPort, workerData } from "node:worker_threads";

import type { FromWorker, ToWorker, WorkerOptions } from "./protocol.ts";
import type { Context } from "./worker/context.ts";
import { LogTruncation } from "./worker/log-truncation.ts";
import { failureOf } from "./worker/native-errors.ts";
import { type OpenDatabase, openDatabase } from "./worker/open-database.ts";

/** Entry of the thread that holds the database: opens it, says so, then runs commands until closed. */
async function main(): Promise<void> {
  const port = parentPort;
  if (port === null) throw new TypeError("worker.ts runs as a worker thread");
  const options = workerData as WorkerOptions;
  const say = (message: FromWorker): void => port.postMessage(message);

  // The commands are read while the file is opened and the caller goes on: a third of the start.
  const executorModule = import("./worker/executor.ts");
  const opened = tryToOpen(options, say);
  if (opened === undefined) return;
  const { db, terms, readOnly } = opened;
  const truncation = new LogTruncation(db, (unfinished) => say({ unfinished }));
  const context: Context = {
    db,
    terms,
    limits: options.limits,
    erased: () => truncation.want(),
  };
  const dropped = db.get("SELECT 1 FROM cube WHERE dropped = 1 LIMIT 1") !== undefined;
  say({ opened: { readOnly, dropped, candidates: terms.kept } });

  const { Executor } = await executorModule;
  const executor = new Executor(context, port, options, readOnly);
  port.on("message", (message: ToWorker) => {
    const closing = executor.receive(message, () => truncation.wanted);
    if (!closing) return truncation.soon();
    truncation.stop();
    db.close();
    say({ closed: true });
    port.close();
  });
}

function tryToOpen(
  options: WorkerOptions,
  say: (message: FromWorker) => void,
): OpenDatabase | undefined {
  try {
    return openDatabase(options);
  } catch (error) {
    say({ failed: failureOf(error, options.path) });
    return undefined;
  }
}

await main();
