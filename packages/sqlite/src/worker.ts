import { parentPort, workerData } from "node:worker_threads";

import type { FromWorker, ToWorker, WorkerOptions } from "./protocol.ts";
import type { Context } from "./worker/context.ts";
import { EraseFollowUp } from "./worker/erase-follow-up.ts";
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
  const followUp = new EraseFollowUp(opened, options.path, (unfinished) => say({ unfinished }));
  const context: Context = {
    db,
    terms,
    limits: options.limits,
    erased: () => followUp.want(),
  };
  const dropped = db.get("SELECT 1 FROM cube WHERE dropped = 1 LIMIT 1") !== undefined;
  say({ opened: { readOnly, dropped, candidates: terms.kept } });

  const { Executor } = await executorModule;
  const executor = new Executor(
    context,
    port,
    { options, readOnly },
    {
      unfinished: () => followUp.wanted,
      paused: () => followUp.soon(),
      closing: () => {
        followUp.finish();
        db.close();
        followUp.close();
        say({ closed: true });
        port.close();
      },
    },
  );
  followUp.soon();
  port.on("message", (message: ToWorker) => executor.receive(message));
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
