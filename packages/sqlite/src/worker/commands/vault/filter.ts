import type { VaultFilter } from "@memcube/core";
import type { SQLInputValue } from "node:sqlite";

import { digestOf } from "../../digest.ts";

/** Conditions on a row `m` of `memory` or `past`, joined by AND, with their values in order. */
export interface Conditions {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
}

interface Wanted {
  readonly cube: { readonly key: number };
  readonly filter?: VaultFilter;
  /** JSON of the class keys that may be seen; left out, all. */
  readonly classes: string | undefined;
  readonly now?: number;
}

const IN_LIST = "IN (SELECT value FROM json_each(?))";

/** Permission, expiry and filter as SQL: part of the query, so that no page shrinks or leaks. */
export function conditionsOf({ cube, filter = {}, classes, now }: Wanted): Conditions {
  const parts: string[] = [];
  const values: SQLInputValue[] = [];
  const need = (sql: string, value: SQLInputValue | undefined): void => {
    if (value === undefined) return;
    parts.push(` AND ${sql}`);
    values.push(value);
  };
  need(`m.class ${IN_LIST}`, classes);
  need("(m.expires_at IS NULL OR m.expires_at > ?)", now);
  need(`m.kind ${IN_LIST}`, json(filter.kinds));
  need(`m.type ${IN_LIST}`, json(filter.types));
  need(`m.state ${IN_LIST}`, json(filter.states));
  need(
    "m.session_digest = ?",
    filter.sessionId === undefined ? undefined : digestOf(cube.key, filter.sessionId),
  );
  need("m.at >= ?", filter.from);
  need("m.at < ?", filter.to);
  need(
    `NOT EXISTS (SELECT 1 FROM json_each(?) wanted WHERE wanted.value NOT IN
      (SELECT value FROM json_each(coalesce(m.tags, '[]'))))`,
    filter.tags?.length === 0 ? undefined : json(filter.tags),
  );
  return { sql: parts.join(""), values };
}

function json(list: readonly string[] | undefined): string | undefined {
  return list && JSON.stringify(list);
}
