import { expect, test } from "vitest";

import { crashCampaign, type CrashCampaign } from "./crash-campaign.ts";

/** `MEMCUBE_CRASH_ROUNDS=20 pnpm test test/fault` for the long one. */
const rounds = Number(process.env["MEMCUBE_CRASH_ROUNDS"] ?? 4);

const campaigns: CrashCampaign[] = [
  { rounds, writers: 1, durability: "power" },
  { rounds, writers: 2, durability: "process" },
];

for (const campaign of campaigns) {
  const { writers, durability } = campaign;
  test(
    `writers: ${writers}, durability "${durability}", killed ${rounds} times`,
    { timeout: 20_000 * rounds },
    async () => {
      const report = await crashCampaign(campaign);
      expect(report.acknowledged).toBeGreaterThan(0);
      expect(report.commits).toBeGreaterThanOrEqual(report.acknowledged);
      // Every commit carried one task, and every task was finished once.
      expect(report.tasks).toBe(report.commits);
    },
  );
}
