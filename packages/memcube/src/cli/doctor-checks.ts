import { access, constants, stat, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import type { DatabaseSync } from "node:sqlite";

import type { MemSession } from "@memcube/core";

import type { Context } from "./context.ts";
import { failureFrom } from "./failure.ts";
import { counted, formatBytes } from "./format-values.ts";
import { ownedCubes } from "./owned-cubes.ts";
import { version } from "./version.ts";

/** One thing that was looked at. */
export interface Check {
  readonly name: "memcube" | "node" | "sqlite" | "vectors" | "file" | "disk" | "open" | "verify";
  readonly result: "ok" | "warning" | "failed";
  readonly detail: string;
}

/** Below this a write may fail soon: the log beside the file alone takes up to 32 MiB. */
const LITTLE_SPACE = 256 * 1_048_576;

/** Looks at everything that memcube rests on, from the ground up. Changes nothing. */
export async function* checkAll(context: Context): AsyncGenerator<Check> {
  yield { name: "memcube", result: "ok", detail: version() };
  yield {
    name: "node",
    result: "ok",
    detail: `${process.version} on ${process.platform} ${process.arch}`,
  };
  yield await checkSqlite();
  yield checkVectors();
  const { database } = context;
  const file = await checkFile(database.path, database.name);
  yield file;
  const disk = await checkDisk(dirname(database.path));
  if (disk !== undefined) yield disk;
  if (!database.exists || file.result === "failed") return;
  try {
    const { me, storage } = await database.open();
    yield {
      name: "open",
      result: "ok",
      detail: `durability ${storage.vault.capabilities.durability}`,
    };
    yield* verifyAll(context, me);
  } catch (error) {
    if (context.signal.aborted) throw error;
    yield { name: "open", result: "failed", detail: failureFrom(error).message };
  }
}

async function checkSqlite(): Promise<Check> {
  try {
    const { DatabaseSync } = await import("node:sqlite");
    const database = new DatabaseSync(":memory:");
    try {
      const row = database.prepare("SELECT sqlite_version() AS version").get();
      const release = String(row?.["version"]);
      return hasFullText(database)
        ? { name: "sqlite", result: "ok", detail: `${release} with FTS5` }
        : {
            name: "sqlite",
            result: "warning",
            detail: `${release} without FTS5: the first search of a large cube takes longer`,
          };
    } finally {
      database.close();
    }
  } catch (error) {
    return { name: "sqlite", result: "failed", detail: failureFrom(error).message };
  }
}

function hasFullText(database: DatabaseSync): boolean {
  try {
    database.exec("CREATE VIRTUAL TABLE words USING fts5(text)");
    return true;
  } catch {
    return false;
  }
}

/** A WebAssembly module with one SIMD instruction: what the vector scan is built from. */
const SIMD = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15,
  253, 98, 11,
]);

function checkVectors(): Check {
  const fast = WebAssembly.validate(SIMD);
  return fast
    ? { name: "vectors", result: "ok", detail: "WebAssembly with SIMD" }
    : {
        name: "vectors",
        result: "warning",
        detail: "no WebAssembly SIMD: plain JavaScript is used",
      };
}

async function checkFile(path: string, name: string): Promise<Check> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) {
    return { name: "file", result: "warning", detail: `${name} is not there; add makes it` };
  }
  if (!found.isFile()) return { name: "file", result: "failed", detail: `${name} is no file` };
  const may = async (mode: number) =>
    await access(path, mode).then(
      () => true,
      () => false,
    );
  if (!(await may(constants.R_OK))) {
    return { name: "file", result: "failed", detail: `${name} can't be read` };
  }
  const size = `${name}, ${formatBytes(found.size)}`;
  return (await may(constants.W_OK))
    ? { name: "file", result: "ok", detail: size }
    : { name: "file", result: "warning", detail: `${size}, read-only` };
}

async function checkDisk(folder: string): Promise<Check | undefined> {
  const found = await statfs(folder).catch(() => undefined);
  if (found === undefined) return undefined;
  const free = found.bavail * found.bsize;
  const detail = `${formatBytes(free)} free`;
  return { name: "disk", result: free < LITTLE_SPACE ? "warning" : "ok", detail };
}

async function* verifyAll(context: Context, me: MemSession): AsyncGenerator<Check> {
  for (const id of await ownedCubes(me, context.database.caller.userId)) {
    const cube = await me.cube(id);
    const { ok, problems, commits, versions } = await cube.verify({ signal: context.signal });
    const looked = `${counted(commits, "commit")}, ${counted(versions, "version")}`;
    yield ok
      ? { name: "verify", result: "ok", detail: `${id}: ${looked}` }
      : {
          name: "verify",
          result: "failed",
          detail: `${id}: ${counted(problems.length, "problem")}`,
        };
  }
}
