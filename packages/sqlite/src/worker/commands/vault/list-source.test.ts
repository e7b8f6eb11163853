import { afterAll, beforeAll, expect, test } from "vitest";

import type { Connection } from "../../connection.ts";
import { openDatabase } from "../../open-database.ts";
import { conditionsOf } from "./filter.ts";
import { sourceOf } from "./list-source.ts";

let db: Connection;
beforeAll(() => {
  ({ db } = openDatabase({
    path: ":memory:",
    durability: "process",
    busyTimeoutMs: 200,
    cacheBytes: 1_048_576,
    limits: { taskAttempts: 8, topicMessages: 100 },
  }));
});
afterAll(() => db.close());

/** What SQLite will do for a page. */
function planOf(tags: readonly string[], order: "ASC" | "DESC"): string {
  const filter = { tags, states: ["generated"] } as const;
  const { sql, values } = conditionsOf({ cube: { key: 1 }, filter, classes: "[1]", now: 5 });
  const source = sourceOf(db, 1, { filter });
  const rows = source.rows(`m.key > ? AND m.key < ?${sql}`, true);
  const query = `EXPLAIN QUERY PLAN ${rows} ORDER BY ${source.orderBy} ${order} LIMIT ?`;
  const steps = db.all<{ detail: string }>(query, ...source.values([1, 9, ...values]), 10);
  return steps.map(({ detail }) => detail).join("; ");
}

test.each(["ASC", "DESC"] as const)(
  "a page by a tag goes along the index of tags from where the last one ended, %s",
  (order) => {
    const plan = planOf(["x", "y"], order);
    expect(plan).toMatch(/^SEARCH g USING PRIMARY KEY \(digest=\? AND key>\? AND key<\?\)/);
    expect(plan).not.toContain("TEMP B-TREE");
    expect(plan).not.toContain("SCAN m");
  },
);

test("a page without tags goes along the cube", () => {
  expect(planOf([], "ASC")).toMatch(/^SEARCH m USING INTEGER PRIMARY KEY/);
});
