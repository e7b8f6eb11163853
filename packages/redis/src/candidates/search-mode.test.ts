import { subscribe, unsubscribe } from "node:diagnostics_channel";

import { MemCubeError } from "@memcube/core";
import { expect, test } from "vitest";

import type { Reply } from "../connection/connection.ts";
import type { OpenConnection } from "../connection/open-connection.ts";
import { keysOf } from "../keys.ts";
import { openSearch } from "./search-mode.ts";

const WHOLE = new Map<Reply, Reply>([["indexing", 0]]);
const FOUND = new Map<Reply, Reply>([
  ["results", []],
  ["warning", []],
]);

/** A connection that answers as an engine does, and keeps the mode. */
function engine(answers: { readonly create?: Error; readonly search?: Reply; mode?: string } = {}) {
  const said: string[] = [];
  const indexes: string[] = [];
  const connection = {
    keys: keysOf("mc"),
    server: { queryEngine: true },
    send: async (_key: string | undefined, [name, ...words]: readonly string[]) => {
      said.push(`${name} ${words[0] ?? ""}`.trim());
      if (name === "SET") answers.mode ??= words[1];
      if (name === "GET") return answers.mode;
      if (name === "FT._LIST") return indexes;
      if (name === "FT.INFO") return WHOLE;
      return name === "FT.SEARCH" ? (answers.search ?? FOUND) : "OK";
    },
    sendToMasters: async ([name = "", index = ""]: readonly string[]) => {
      said.push(`${name} ${index}`);
      if (name === "FT.CREATE" && answers.create !== undefined) throw answers.create;
      if (name === "FT.CREATE") indexes.push(index);
      if (name === "FT.DROPINDEX") indexes.splice(indexes.indexOf(index), 1);
      return ["OK"];
    },
  };
  return { said, indexes, answers, connection: connection as unknown as OpenConnection };
}

const refusal = new MemCubeError("MEMCUBE_STORAGE_FAILED", "Invalid field type for field `terms`");

test("the index is there before the storage is begun with documents", async () => {
  const { said, connection, answers } = engine();
  const mode = await openSearch(connection, { search: "auto" });
  expect(mode).toEqual({ documents: true, candidates: true });
  expect(answers.mode).toBe("documents:1");
  expect(said.indexOf("FT.CREATE mc:search:v1")).toBeLessThan(said.indexOf("SET mc:search:mode"));
  expect(said).toContain("FT.ALIASUPDATE mc:search");
});

test("with auto an engine without what is needed counts as none, and that is told", async () => {
  const errors: unknown[] = [];
  const hear = (event: unknown): void => void errors.push(event);
  subscribe("memcube:error", hear);
  try {
    for (const answers of [{ create: refusal }, { search: [0] }]) {
      const { connection, answers: after } = engine(answers);
      const mode = await openSearch(connection, { search: "auto" });
      expect([mode, after.mode]).toEqual([{ documents: false, candidates: false }, "none"]);
    }
    expect(errors).toMatchObject([
      { where: "redis.search", error: refusal },
      { where: "redis.search", error: { code: "MEMCUBE_NOT_SUPPORTED" } },
    ]);
  } finally {
    unsubscribe("memcube:error", hear);
  }
});

test("asked for by name its refusal is raised, and nothing is decided", async () => {
  const { connection, answers } = engine({ create: refusal });
  await expect(openSearch(connection, { search: "query-engine" })).rejects.toBe(refusal);
  expect(answers.mode).toBeUndefined();
});

test("what can't be reached is not taken for an engine that refuses", async () => {
  const lost = new MemCubeError("MEMCUBE_STORAGE_UNREACHABLE", "gone");
  const { connection, answers } = engine({ create: lost });
  await expect(openSearch(connection, { search: "auto" })).rejects.toBe(lost);
  expect(answers.mode).toBeUndefined();
});

test("a storage that was begun without documents makes no index", async () => {
  const { said, connection } = engine({ mode: "none" });
  const mode = await openSearch(connection, { search: "auto" });
  expect(mode).toEqual({ documents: false, candidates: false });
  expect(said.filter((command) => command.startsWith("FT."))).toEqual([]);
});

test("an older index goes when the new one is whole, a newer one is left alone", async () => {
  const old = engine();
  old.indexes.push("mc:search:v0");
  await openSearch(old.connection, { search: "auto" });
  expect(old.indexes).toEqual(["mc:search:v1"]);
  const moved = old.said.indexOf("FT.ALIASUPDATE mc:search");
  expect(old.said.indexOf("FT.INFO mc:search:v1")).toBeLessThan(moved);
  expect(old.said.indexOf("FT.DROPINDEX mc:search:v0")).toBeGreaterThan(moved);
  const newer = engine();
  newer.indexes.push("mc:search:v2");
  await expect(openSearch(newer.connection, { search: "auto" })).rejects.toMatchObject({
    code: "MEMCUBE_STORAGE_NEWER",
  });
  expect(newer.indexes).toEqual(["mc:search:v2"]);
});

test("an index with vectors is made beside one without, and neither takes the other away", async () => {
  const vectors = { model: "m", dimensions: 2, algorithm: "hnsw", type: "float32" } as const;
  const { connection, indexes, said } = engine();
  await openSearch(connection, { search: "auto" });
  const mode = await openSearch(connection, { search: "auto", vectors });
  expect(mode).toMatchObject({ candidates: true, vectors });
  const suffix = mode.vectors?.suffix ?? "";
  expect(indexes).toEqual(["mc:search:v1", `mc:search:v1${suffix}`]);
  expect(said.at(-1)).toBe(`GET mc:search:mode`);
  expect(said).toContain(`FT.ALIASUPDATE mc:search${suffix}`);
  expect(said.filter((command) => command.startsWith("FT.DROPINDEX"))).toEqual([]);
  const local = await openSearch(connection, { search: "local", vectors });
  expect(local).toMatchObject({ documents: true, candidates: false, vectors });
});
