import { crashCampaign } from "../../fault/crash-campaign.ts";
import type { Report } from "../report.ts";

const ROUNDS = 20;

/**
 * Kills writers (SIGKILL) 20 times, one and two at a time. The campaign throws when an acknowledged
 * commit is lost or log, versions, index and tasks disagree, so `lost` is 0 or there is no line.
 */
export async function benchCrash(report: Report): Promise<void> {
  for (const writers of [1, 2]) {
    const done = await crashCampaign({ rounds: ROUNDS, writers, durability: "process" });
    const common = { case: "kill-9", subject: `memcube, ${writers} writing`, unit: "commits" };
    report({ ...common, metric: "rounds", value: done.rounds, unit: "rounds" });
    report({ ...common, metric: "acknowledged", value: done.acknowledged });
    report({ ...common, metric: "lost", value: 0 });
  }
}
