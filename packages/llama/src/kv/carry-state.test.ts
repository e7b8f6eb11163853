import type { KvState } from "@memcube/core";
import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { type DirectoryKvStore, openKvStore } from "./kv-store.ts";
import { decodePage } from "./page.ts";
import { ownerOf, rootKey, wantedPages } from "./page-keys.ts";
import { ScopeStore } from "./scope-store.ts";
import { HotPages } from "./hot-pages.ts";
import { ints } from "./state-chunks.ts";
import { type KvIdentity, PAGE_TOKENS } from "./types.ts";
import { someTokens } from "./testing.ts";

const MAGIC = 0x56_4b_43_4d;
const ROW_BYTES = 16;
const identity: KvIdentity = {
  modelSha256: "a".repeat(64),
  engineBuild: "node-llama-cpp 3.22.1, llama.cpp v0.5.0, state 3",
  backend: "cpu; AVX512 = 1",
  kvTypes: { key: "F16", value: "F16" },
  contextParameters: "flash attention on",
  batchSchedule: "pages of 256",
  lora: [],
};
const tokens = someTokens(2 * PAGE_TOKENS);

/** A page of one layer, its rows of no sense. */
function page(position: number, version = 1): Uint8Array {
  const own = tokens.slice(position, position + PAGE_TOKENS);
  const head = [MAGIC, version, position, PAGE_TOKENS, 1, 1, ROW_BYTES, 1, ROW_BYTES];
  return Buffer.concat([ints([...head, ...own]), Buffer.alloc(2 * PAGE_TOKENS * ROW_BYTES, 7)]);
}

function stateOf(special: Partial<KvIdentity> = {}): KvState {
  const { modelSha256, engineKey, lora } = ownerOf({ ...identity, ...special });
  return {
    modelSha256,
    engineKey,
    lora: [...lora],
    tokenCount: tokens.length,
    tokensSha256: createHash("sha256").update(ints(tokens)).digest("hex"),
    pages: [page(0), page(PAGE_TOKENS)],
  };
}

let directory: string;
let store: DirectoryKvStore;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "memcube-carry-"));
  store = await openKvStore({ directory });
});
afterEach(async () => {
  await store.close();
  await rm(directory, { recursive: true, force: true });
});

async function take(state: KvState, target: Partial<KvIdentity> = {}) {
  return await store.importState("scope", state, ownerOf({ ...identity, ...target }));
}

describe("a state from outside", () => {
  test("is taken in where all that decides its bytes is the same, and found by its tokens", async () => {
    expect(await take(stateOf())).toEqual({ importedTokens: 512 });
    const [kept] = await store.list();
    expect(kept).toMatchObject({ scope: "scope", tokens: 512 });
    expect(await store.exportState("scope", kept!.key)).toEqual(stateOf());
    const place = { directory, scope: "scope", hot: new HotPages(0), compress: false };
    const scope = await ScopeStore.open(place);
    const wanted = wantedPages(rootKey(ownerOf(identity), scope.salt), tokens);
    expect(wanted.at(-1)?.key).toBe(kept!.key);
  });

  const lora = { sha256: "b".repeat(64), scale: 1 };
  const second = { sha256: "0".repeat(64), scale: 0.5 };
  test.each<readonly [string, Partial<KvIdentity>, string]>([
    ["foreign-model", { modelSha256: "f".repeat(64) }, `model ${"f".repeat(64)}`],
    [
      "foreign-build",
      { engineBuild: "node-llama-cpp 3.22.1, llama.cpp v0.5.0, state 4" },
      "node-llama-cpp 3.22.1, llama.cpp v0.5.0, state 4",
    ],
    ["foreign-build", { engineBuild: "node-llama-cpp 3.23.0" }, "node-llama-cpp 3.23.0"],
    ["foreign-backend", { backend: "cpu; AVX2 = 1" }, "cpu; AVX2 = 1"],
    ["foreign-backend", { backend: "cuda; AVX512 = 1" }, "cuda; AVX512 = 1"],
    ["foreign-cache-types", { kvTypes: { key: "Q8_0", value: "F16" } }, "Q8_0 keys, F16 values"],
    ["foreign-cache-types", { kvTypes: { key: "F16", value: "Q8_0" } }, "F16 keys, Q8_0 values"],
    ["foreign-context", { contextParameters: "context 4096" }, "context 4096"],
    ["foreign-batches", { batchSchedule: "pages of 512" }, "pages of 512"],
    ["foreign-lora", { lora: [lora] }, `LoRA ${lora.sha256} at 1`],
    ["foreign-lora", { lora: [{ ...lora, scale: 0.5 }] }, `LoRA ${lora.sha256} at 0.5`],
  ])("is refused as %s and says what differs", async (reason, special, said) => {
    const refused = await take(stateOf(special));
    expect(refused).toMatchObject({ importedTokens: 0, reason });
    expect(refused.detail).toContain(`kept by ${said}, here it is `);
    // The other way round, too: what it is here is not what it was there.
    expect(await take(stateOf(), special)).toMatchObject({ importedTokens: 0, reason });
    expect(await store.list()).toEqual([]);
  });

  test("takes a LoRA set for the same in any order, and not with another scale", async () => {
    const both = stateOf({ lora: [lora, second] });
    expect(await take({ ...both, lora: both.lora.toReversed() }, { lora: [lora, second] })).toEqual(
      { importedTokens: 512 },
    );
    const other = { lora: [lora, { ...second, scale: 0.25 }] };
    expect(await take(both, other)).toMatchObject({ reason: "foreign-lora" });
  });

  test("whose engine is a text nobody can read is refused as such", async () => {
    const state = { ...stateOf(), engineKey: "9".repeat(64) };
    expect(await take(state)).toMatchObject({ importedTokens: 0, reason: "foreign-engine" });
  });

  test("with pages of another format is refused as such, and damaged ones as damaged", async () => {
    const later = { ...stateOf(), pages: [page(0, 2), page(PAGE_TOKENS, 2)] };
    expect(await take(later)).toMatchObject({ reason: "foreign-format" });
    const cut = { ...stateOf(), pages: [page(0), page(PAGE_TOKENS).subarray(1)] };
    expect(await take(cut)).toMatchObject({ reason: "page-damaged" });
    expect(decodePage(page(0))).toBeDefined();
  });
});
