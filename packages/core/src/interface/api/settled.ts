import { emit } from "../../events.ts";
import { isMemCubeError } from "../../errors.ts";
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
const LOOK_MAX_MS = 250;

/**
 * Waits until these tasks, and no others, are finished or given up, or until the signal aborts. Never
 * rejects.
 */
export async function settledBy(
  context: ApiContext,
  tenantId: string,
  keys: readonly string[],
  signal?: AbortSignal,
): Promise<SettleReport> {
  let report: SettleReport = { finished: 0, failed: 0, waiting: keys.length };
  if (keys.length === 0) return report;
  const { worker, storage } = context;
  try {
    for (let lookMs = LOOK_MS; ; lookMs = Math.min(LOOK_MAX_MS, lookMs * 1.5)) {
      if (context.state.closed || signal?.aborted === true) return report;
      worker.nudge();
      const states = await storage.queue.states(tenantId, keys);
      const failed = states.filter((state) => state === "dead").length;
      const finished = states.filter((state) => state === "finished").length;
      report = { finished, failed, waiting: keys.length - failed - finished };
      if (report.waiting === 0) return report;
      await worker.nextEnd(lookMs, signal);
    }
  } catch (error) {
    // Waiting is a courtesy: the tasks themselves stay queued whatever happened to this wait.
    if (!isMemCubeError(error, "MEMCUBE_CLOSED"))
      emit("memcube:error", { where: "settled", error });
    return report;
  }
}
