import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";

import { childrenOf, isDirtyLeaf, type LeafCell, readLeaf } from "./leaf-page.ts";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "memcube-leaf-"));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

/** A file with one table; its bytes, and the page its tree begins at. */
async function fileWith(sql: string): Promise<{ bytes: Uint8Array; root: number }> {
  const path = join(directory, "test.db");
  const database = new DatabaseSync(path);
  database.exec(
    `PRAGMA secure_delete = ON; CREATE TABLE t (key INTEGER PRIMARY KEY, text); ${sql}`,
  );
  const row = database.prepare("SELECT rootpage FROM sqlite_schema").get();
  database.close();
  return { bytes: await readFile(path), root: Number(row?.["rootpage"]) };
}

const pageOf = (bytes: Uint8Array, page: number): Uint8Array =>
  bytes.subarray((page - 1) * 4_096, page * 4_096);

function cellsBelow(bytes: Uint8Array, page: number): LeafCell[] {
  const children = childrenOf(pageOf(bytes, page));
  if (children !== undefined) return children.flatMap((child) => cellsBelow(bytes, child));
  return [...(readLeaf(pageOf(bytes, page))?.cells ?? [])];
}

const COUNT = (count: number): string => `WITH RECURSIVE n (i) AS
  (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})`;

test("rows of a tree are found, large numbers and long rows included", async () => {
  const { bytes, root } = await fileWith(`
    ${COUNT(2_000)} INSERT INTO t SELECT i * 1073741824, printf('%.*c', 10 + (i * 37) % 9000, 'x') FROM n;
  `);
  const cells = cellsBelow(bytes, root);
  expect(cells.map(({ rowid }) => rowid)).toEqual(
    Array.from({ length: 2_000 }, (_, index) => (index + 1) * 1_073_741_824),
  );
  const longest = Math.max(...cells.map(({ payloadBytes }) => payloadBytes));
  expect(longest).toBeGreaterThan(9_000);
  expect(longest).toBeLessThan(9_020);
});

test("the room of a page is what SQLite takes it for", async () => {
  const { bytes, root } = await fileWith(`
    ${COUNT(20)} INSERT INTO t SELECT i, printf('%.*c', 100, 'x') FROM n;
    DELETE FROM t WHERE key IN (3, 4, 9, 20);
  `);
  const leaf = readLeaf(pageOf(bytes, root));
  // A row of 100 bytes: 2 of header, 4 + 100 of the record, and 2 of a pointer for each that is there.
  const rowBytes = 2 + 4 + 100;
  expect(leaf?.cells).toHaveLength(16);
  expect(leaf?.freeBytes).toBe(4_096 - 8 - 16 * (rowBytes + 2));
  expect(isDirtyLeaf(pageOf(bytes, root))).toBe(false);
});

test("what lies in the gap is seen", async () => {
  const { bytes, root } = await fileWith("INSERT INTO t VALUES (1, 'x')");
  const page = pageOf(bytes, root);
  expect(isDirtyLeaf(page)).toBe(false);
  page[2_000] = 1;
  expect(isDirtyLeaf(page)).toBe(true);
});

test("what is no leaf of a table is none, and nonsense does no harm", () => {
  for (let seed = 0; seed < 200; seed += 1) {
    const page = Uint8Array.from({ length: 4_096 }, (_, index) => (index * 131 + seed * 7) % 256);
    page[0] = [0x0d, 0x05, 0x0a, 0x02, seed][seed % 5] ?? 0;
    expect(() => isDirtyLeaf(page)).not.toThrow();
    if (page[0] === 0x0d) expect(() => readLeaf(page)).not.toThrow();
    else expect(readLeaf(page)).toBeUndefined();
    expect(() => childrenOf(page)).not.toThrow();
  }
});
