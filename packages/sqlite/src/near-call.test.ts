import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { CubeRef } from "@memcube/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { Call } from "./client.ts";
import { nearCall } from "./near-call.ts";
import { NearDatabase } from "./near-database.ts";
import { parseOptions } from "./options.ts";
import { sqliteStorage, type SqliteStorage } from "./sqlite-storage.ts";

const REF: CubeRef = { tenantId: "t", cubeId: "nobody" };

let directory = "";
let storage: SqliteStorage;
let near: NearDatabase;
let asked: string[];
const far: Call = (async (name: string) => {
  asked.push(name);
  return await Promise.resolve("far");
}) as Call;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "memcube-near-"));
  const path = join(directory, "memory.db");
  storage = await sqliteStorage({ path });
  near = new NearDatabase(parseOptions({ path }), true);
  asked = [];
});
afterEach(async () => {
  await near.close();
  await storage.close();
  rmSync(directory, { recursive: true, force: true });
});

describe("nearCall", () => {
  it("reads little itself, and leaves the rest to the thread", async () => {
    const call = nearCall(far, near, () => {});
    expect(await call("vault.cube", REF)).toBeUndefined();
    const query = (count: number) => ({
      ref: REF,
      view: { everything: true as const },
      query: { ids: Array.from({ length: count }, (_, i) => `id-${i}`) },
    });
    expect(await call("vault.read", query(64))).toEqual({ missing: true });
    expect(asked).toEqual([]);
    expect(await call("vault.read", query(65))).toBe("far");
    expect(await call("vault.stats", REF)).toBe("far");
    expect(asked).toEqual(["vault.read", "vault.stats"]);
  });

  it("asks the thread when it can't read, so that the thread says why", async () => {
    await near.close();
    const call = nearCall(far, near, () => {});
    expect(await call("vault.position", REF)).toBe("far");
  });

  it("refuses when the storage is closed", async () => {
    const call = nearCall(far, near, () => {
      throw new Error("closed");
    });
    await expect(call("vault.position", REF)).rejects.toThrow("closed");
  });
});
