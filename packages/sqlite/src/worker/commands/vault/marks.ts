import type { CubeRef } from "@memcube/core";

import type { Context } from "../../context.ts";
import { findCube, needCube } from "./cube-row.ts";

interface LeaseInput {
  readonly ref: CubeRef;
  readonly name: string;
  readonly holder: string;
  readonly now: number;
  readonly until: number;
}

/** `Vault.lease` */
export function lease({ db }: Context, { ref, name, holder, now, until }: LeaseInput): boolean {
  const taken = db.run(
    `INSERT INTO lease (cube, name, holder, until) VALUES (?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET holder = excluded.holder, until = excluded.until
     WHERE lease.holder = excluded.holder OR lease.until <= ?`,
    needCube(db, ref).key,
    name,
    holder,
    until,
    now,
  );
  return taken > 0;
}

/** `Vault.mark` */
export function mark(
  { db }: Context,
  { ref, name }: { readonly ref: CubeRef; readonly name: string },
): string | undefined {
  const cube = findCube(db, ref);
  if (cube === undefined) return undefined;
  const find = "SELECT value FROM mark WHERE cube = ? AND name = ?";
  return db.get<{ value: string }>(find, cube.key, name)?.value;
}

/** `Vault.setMark` */
export function setMark(
  { db }: Context,
  { ref, name, value }: { readonly ref: CubeRef; readonly name: string; readonly value?: string },
): void {
  const { key } = needCube(db, ref);
  if (value === undefined) db.run("DELETE FROM mark WHERE cube = ? AND name = ?", key, name);
  else db.run("INSERT OR REPLACE INTO mark (cube, name, value) VALUES (?, ?, ?)", key, name, value);
}
