import { clientKillRound } from "../../redis/client-kill.ts";
import { type KillRound, killRound } from "../../redis/kill-rounds.ts";
import { type RedisServer, startRedis } from "../../servers/redis-server.ts";
import type { Report } from "../report.ts";

const ROUNDS = 20;

/** kill -9 of the server and of the client in the middle of commits: what was acknowledged and lost. */
export async function benchKills(report: Report): Promise<void> {
  for (const appendFsync of ["always", "everysec"] as const)
    await killRounds(report, `server, AOF ${appendFsync}`, appendFsync, killRound);
  await killRounds(report, "client", "always", clientKillRound);
}

async function killRounds(
  report: Report,
  subject: string,
  appendFsync: "always" | "everysec",
  round: (server: RedisServer, prefix: string) => Promise<KillRound>,
): Promise<void> {
  const server = await startRedis({ appendFsync });
  try {
    const rounds: KillRound[] = [];
    for (let at = 0; at < ROUNDS; at += 1) rounds.push(await round(server, `round-${at}`));
    const sum = (value: (one: KillRound) => number): number =>
      rounds.reduce((total, one) => total + value(one), 0);
    const common = { case: "kills", subject, unit: "" };
    report({ ...common, metric: "rounds", value: rounds.length });
    report({ ...common, metric: "acknowledged", value: sum((one) => one.acknowledged) });
    report({ ...common, metric: "lost (limit 0)", value: sum((one) => one.lost) });
    report({
      ...common,
      metric: "broken_logs (limit 0)",
      value: sum((one) => (one.logIsSound ? 0 : 1)),
    });
  } finally {
    await server.stop();
  }
}
