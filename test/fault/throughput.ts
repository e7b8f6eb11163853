/**
 * How fast the embedded storage is on this machine, with real files. From the repository root:
 *
 *   node --conditions=@memcube/source test/fault/throughput.ts [directory]
 */
import { createHash } from "node:crypto";
import { mkdtemp, open, rm, stat } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import type { CommitRequest, CubeRef, PutWrite, VaultWrite } from "@memcube/core";
import { sqliteStorage, type SqliteStorage } from "@memcube/sqlite";

const CUBE: CubeRef = { tenantId: "default", cubeId: "bench" };
const ADA = { principals: ["user:ada", "everyone"] } as const;
const BATCH = 256;
const BATCHES = 80;

function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const SYLLABLES = "ka ro mi ten sol vu per la dis gor ne tha bri com jun wex qui zan fel hop".split(
  " ",
);

function word(index: number): string {
  let text = "";
  for (let rest = index + 20; rest > 0; rest = Math.floor(rest / 20)) text += SYLLABLES[rest % 20];
  return text;
}

/** 20 to 60 words, the frequent ones more often. */
function textOf(index: number): string {
  const random = randomFrom(1_000_003 * (index + 1));
  const count = 20 + Math.floor(random() * 40);
  return Array.from({ length: count }, () => word(Math.floor(20_000 ** random() - 1))).join(" ");
}

function put(index: number, expectedVersion = 0): PutWrite {
  const text = textOf(index);
  const id = `0190-bench-memory-${String(index).padStart(18, "0")}`;
  const header = {
    ...CUBE,
    id,
    kind: "plaintext",
    type: "text",
    createdAt: 1,
    fingerprint: "f".repeat(64),
  };
  return {
    op: "put",
    id,
    expectedVersion,
    version: expectedVersion + 1,
    content: JSON.stringify({ header, payload: { type: "text", text }, edges: [] }),
    salt: "0".repeat(32),
    commitment: "c".repeat(64),
    index: {
      kind: "plaintext",
      type: "text",
      state: "generated",
      visibility: "[null,[]]",
      tags: [],
      at: 1_700_000_000_000,
      terms: text,
      edges: [],
      sessionId: `s${index >> 6}`,
    },
  };
}

let serial = 0;
function commitOf(writes: readonly VaultWrite[], epoch?: string): CommitRequest {
  const changes = writes.map((write) => ({
    op: "add",
    memoryId: "id" in write ? write.id : "",
    version: 1,
    commitment: "c".repeat(64),
  }));
  const body = JSON.stringify({ commitId: (serial += 1), changes });
  const digest = createHash("sha256").update(body).digest("hex");
  return { cube: CUBE, at: 1_700_000_000_000 + serial, body, digest, writes, tasks: [], epoch };
}

async function openWithCube(path: string, durability: "power" | "process"): Promise<SqliteStorage> {
  const storage = await sqliteStorage({ path, durability });
  const content = JSON.stringify({
    ...CUBE,
    tags: [],
    createdAt: 1,
    updatedAt: 1,
    owner: "user:ada",
    allow: [],
    deny: [],
    writers: [],
  });
  const header = {
    op: "cube",
    expectedVersion: 0,
    version: 1,
    content,
    salt: "s",
    commitment: "c",
  } as const;
  await storage.vault.commit(commitOf([header], "epoch"));
  return storage;
}

function percentiles(samples: number[]): string {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (part: number): string =>
    (sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0).toFixed(3);
  return `p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms`;
}

async function timed(count: number, action: (index: number) => Promise<unknown>): Promise<string> {
  const samples: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const start = performance.now();
    await action(index);
    samples.push(performance.now() - start);
  }
  return percentiles(samples);
}

/** What the disk itself takes: 4 KiB appended and synced. */
async function fsyncFloor(directory: string): Promise<string> {
  const file = await open(join(directory, "floor"), "w");
  const page = new Uint8Array(4_096);
  const result = await timed(200, async () => {
    await file.write(page);
    await file.datasync();
  });
  await file.close();
  return result;
}

/** What SQLite itself takes for the same rows and terms, with neither thread, log, versions nor checks. */
function bareSqlite(directory: string): number {
  const database = new DatabaseSync(join(directory, "bare.db"));
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -32768;
    CREATE TABLE row (key INTEGER PRIMARY KEY, id TEXT, content TEXT); CREATE UNIQUE INDEX by_id ON row (id);
    CREATE VIRTUAL TABLE word_index USING fts5 (terms, content = '')`);
  const insert = database.prepare("INSERT INTO row VALUES (?, ?, ?)");
  const index = database.prepare("INSERT INTO word_index (rowid, terms) VALUES (?, ?)");
  const writes = Array.from({ length: BATCH * BATCHES }, (_, place) => put(place));
  const start = performance.now();
  for (const [place, write] of writes.entries()) {
    if (place % BATCH === 0) database.exec("BEGIN");
    insert.run(place + 1, write.id, write.content);
    index.run(place + 1, write.index.terms);
    if (place % BATCH === BATCH - 1) database.exec("COMMIT");
  }
  const seconds = (performance.now() - start) / 1_000;
  database.close();
  return Math.round(writes.length / seconds);
}

async function measure(directory: string, durability: "power" | "process"): Promise<void> {
  const path = join(directory, `${durability}.db`);
  const say = (what: string, figure: string): void =>
    console.log(`${durability.padEnd(8)} ${what.padEnd(44)} ${figure}`);
  const storage = await openWithCube(path, durability);
  const { vault } = storage;
  const batches = Array.from({ length: BATCHES }, (_, batch) =>
    commitOf(Array.from({ length: BATCH }, (_, place) => put(batch * BATCH + place))),
  );
  const cpu = process.cpuUsage();
  const start = performance.now();
  for (const batch of batches) await vault.commit(batch);
  const seconds = (performance.now() - start) / 1_000;
  const used = process.cpuUsage(cpu);
  const count = BATCH * BATCHES;
  say(
    `add, commits of ${BATCH} (row, terms, log)`,
    `${Math.round(count / seconds)} memories/s; cpu ${((used.user + used.system) / count).toFixed(1)} us each`,
  );
  const first = count;
  say(
    "one memory per commit, one after the other",
    await timed(1_000, (index) => vault.commit(commitOf([put(first + index)]))),
  );
  const burst = performance.now();
  await Promise.all(
    Array.from({ length: 2_000 }, (_, index) =>
      vault.commit(commitOf([put(first + 1_000 + index)])),
    ),
  );
  say(
    "one memory per commit, 2000 at once",
    `${Math.round(2_000 / ((performance.now() - burst) / 1_000))} commits/s`,
  );
  say(
    "new text for a memory",
    await timed(300, (index) =>
      vault.commit(commitOf([{ ...put(index * 7 + 1, 1), id: put(index * 7).id }])),
    ),
  );
  say("position", await timed(3_000, () => vault.position(CUBE)));
  say(
    "read one",
    await timed(2_000, (index) => vault.read(CUBE, { access: ADA, ids: [put(index * 9).id] })),
  );
  const query = { access: ADA, filter: {}, now: 0, limit: 200 } as const;
  say(
    "candidates, 5 terms, 200",
    await timed(300, (index) =>
      vault.candidates(CUBE, { ...query, terms: textOf(index).split(" ").slice(0, 5) }),
    ),
  );
  say(
    "list, page of 1000 with content",
    await timed(20, () =>
      vault.list(CUBE, { access: ADA, filter: {}, order: "oldest", limit: 1_000 }),
    ),
  );
  say(
    "erase",
    await timed(200, (index) =>
      vault.commit(commitOf([{ op: "erase", id: put(index * 11 + 3).id }])),
    ),
  );
  await storage.close();
  say("file", `${((await stat(path)).size / 1_048_576).toFixed(1)} MiB`);
}

const directory = await mkdtemp(join(process.argv[2] ?? tmpdir(), "memcube-bench-"));
try {
  console.log(`${cpus()[0]?.model}, ${cpus().length} cores, Node ${process.version}`);
  console.log(`disk: 4 KiB appended and synced ${await fsyncFloor(directory)}`);
  console.log(`bare SQLite: the same rows and terms ${bareSqlite(directory)} memories/s`);
  await measure(directory, "process");
  await measure(directory, "power");
} finally {
  await rm(directory, { recursive: true, force: true });
}
