import type { CubeRef, Seal } from "@memcube/core";

import type { Context } from "../../context.ts";
import { keyIn, lastKey, ordinalOf } from "../../keys.ts";
import { Refusal } from "../../refusal.ts";
import { findCube, needCube } from "./cube-row.ts";

interface SealRow {
  readonly key: number;
  readonly from_seq: number;
  readonly root: string;
  readonly at: number;
  readonly sealer: string;
  readonly key_id: string | null;
  readonly signature: string | null;
}

/** `Vault.seals` */
export function seals(
  { db }: Context,
  input: { readonly ref: CubeRef; readonly afterSeq: number; readonly limit: number },
): Seal[] {
  const cube = findCube(db, input.ref);
  if (cube === undefined) return [];
  const rows = db.all<SealRow>(
    "SELECT * FROM seal WHERE key > ? AND key <= ? ORDER BY key LIMIT ?",
    keyIn(cube.key, input.afterSeq),
    lastKey(cube.key),
    input.limit,
  );
  return rows.map(({ key, from_seq: fromSeq, root, at, sealer, key_id: keyId, signature }) => ({
    fromSeq,
    toSeq: ordinalOf(key),
    root,
    at,
    sealer,
    ...(keyId === null ? {} : { keyId }),
    ...(signature === null ? {} : { signature }),
  }));
}

/** `Vault.seal` */
export function seal(
  { db }: Context,
  { ref, seal }: { readonly ref: CubeRef; readonly seal: Seal },
): void {
  const cube = needCube(db, ref);
  const last = db.get<{ key: number }>(
    "SELECT key FROM seal WHERE key > ? AND key <= ? ORDER BY key DESC LIMIT 1",
    keyIn(cube.key, 0),
    lastKey(cube.key),
  );
  checkContinues(last?.key, seal);
  const { fromSeq, toSeq, root, at, sealer, keyId = null, signature = null } = seal;
  db.run(
    "INSERT INTO seal (key, from_seq, root, at, sealer, key_id, signature) VALUES (?, ?, ?, ?, ?, ?, ?)",
    keyIn(cube.key, toSeq),
    fromSeq,
    root,
    at,
    sealer,
    keyId,
    signature,
  );
}

/**
 * INVARIANT: seals and segments are each contiguous from 1.
 * @throws Refusal `MEMCUBE_CONFLICT`
 */
export function checkContinues(
  last: number | undefined,
  next: { readonly fromSeq: number; readonly toSeq: number },
): void {
  const expected = (last === undefined ? 0 : ordinalOf(last)) + 1;
  if (next.fromSeq === expected && next.toSeq >= next.fromSeq) return;
  throw new Refusal("MEMCUBE_CONFLICT", "It does not continue the last one.", {
    expected,
    actual: next.fromSeq,
  });
}
