import type { CubeRef, UsageView } from "@memcube/core";

import type { Context } from "../context.ts";

/** Tenant, cube, id, reads, injections, uses, time: arrays go to the thread for a fraction of what objects cost. */
export type UsageTuple = readonly [string, string, string, number, number, number, number];

const ADD = `INSERT INTO usage (tenant, cube, id, reads, injections, uses, last_used_at)
  VALUES (?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET reads = reads + excluded.reads,
    injections = injections + excluded.injections, uses = uses + excluded.uses,
    last_used_at = max(last_used_at, excluded.last_used_at)`;

/** `Usage.add` */
export function addUsage({ db }: Context, increments: readonly UsageTuple[]): void {
  for (const increment of increments) db.run(ADD, ...increment);
}

interface UsageRow {
  readonly id: string;
  readonly reads: number;
  readonly injections: number;
  readonly uses: number;
  readonly last_used_at: number;
}

/** `Usage.get`, as pairs of id and counters. */
export function getUsage(
  { db }: Context,
  { cube, ids }: { readonly cube: CubeRef; readonly ids: readonly string[] },
): [string, UsageView][] {
  const rows = db.all<UsageRow>(
    `SELECT id, reads, injections, uses, last_used_at FROM usage
     WHERE tenant = ? AND cube = ? AND id IN (SELECT value FROM json_each(?))`,
    cube.tenantId,
    cube.cubeId,
    JSON.stringify(ids),
  );
  return rows.map(({ id, last_used_at: lastUsedAt, ...counts }) => [id, { ...counts, lastUsedAt }]);
}
