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
    const longest = Math.max(...rounds.map(({ lostSpanMs }) => lostSpanMs));
    const lostName = appendFsync === "always" ? "lost (limit 0)" : "lost";
    report({ ...common, metric: lostName, value: sum((one) => one.lost) });
    report({ ...common, unit: "ms", metric: "lost_span (limit 2000)", value: longest });
    report({
      ...common,
      metric: "no_prefix (limit 0)",
      value: sum((one) => (one.keepsPrefix ? 0 : 1)),
    });
    report({
      ...common,
      metric: "broken_logs (limit 0)",
      value: sum((one) => (one.logIsSound ? 0 : 1)),
    });
  } finally {
    await server.stop();
  }
}
