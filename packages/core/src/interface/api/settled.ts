import type { ApiContext } from "./context.ts";

/** What became of background work. */
export interface SettleReport {
  /** Tasks that ran to their end. */
  readonly finished: number;
  /** Tasks given up after their last attempt: see the dead letters. */
  readonly failed: number;
  /** Tasks not finished yet, because waiting was cut short. */
  readonly waiting: number;
}

/** How long to wait between looks at tasks that another process runs or that wait for a retry. */
const LOOK_MS = 25;

/** Waits until the tasks are finished or given up. Never rejects. */
export async function settledBy(
  context: ApiContext,
  tenantId: string,
  keys: readonly string[],
  signal?: AbortSignal,
): Promise<SettleReport> {
  let report: SettleReport = { finished: 0, failed: 0, waiting: keys.length };
  if (keys.length === 0) return report;
  try {
    for (;;) {
      if (context.state.closed || signal?.aborted === true) return report;
      await context.worker.idle();
      const states = await context.storage.queue.states(tenantId, keys);
      const failed = states.filter((state) => state === "dead").length;
      const finished = states.filter((state) => state === "finished").length;
      report = { finished, failed, waiting: keys.length - failed - finished };
      if (report.waiting === 0) return report;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  } catch {
    // Waiting is a courtesy: the tasks themselves stay queued whatever happened to this wait.
    return report;
  }
}
