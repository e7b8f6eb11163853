import { MemCubeError } from "../../errors.ts";
import { putMutation, toMemory } from "../../infrastructure/vault/index.ts";
import { cubeKey, seesClass, visibilityFromKey, type Memory } from "../../memory/index.ts";
import { versionIndexOf } from "../../operation/operator/index.ts";
import type { OpenCube } from "./context.ts";
import type { Entered } from "./cube-access.ts";
import type { Draft } from "./write.ts";

/** Who has an external key now. */
export interface KeyHolder {
  readonly memory: Memory;
  /** Forgotten or expired: it gives the key up to whoever comes with it. */
  readonly gone: boolean;
  /** Whether the caller may know of it: they see it, or it is their own. */
  readonly known: boolean;
}

/** Where changes under these keys stand in line, see `inTurnForAll`. */
export function keyLines({ ref }: OpenCube, externalKeys: readonly string[]): string[] {
  return externalKeys.map((key) => JSON.stringify([cubeKey(ref), "key", key]));
}

/** Holders of keys by key, also those the caller may not know of: for deciding, never for telling. */
export async function keyHolders(
  { context, ref, principals }: OpenCube,
  { header: cubeHeader }: Entered,
  externalKeys: readonly string[],
): Promise<ReadonlyMap<string, KeyHolder>> {
  const holders = new Map<string, KeyHolder>();
  if (externalKeys.length === 0) return holders;
  const found = await context.storage.vault.readByKey(ref, {
    externalKeys,
    access: { system: "write" },
  });
  const now = context.clock.now();
  const mine = new Set<string>(principals);
  for (const stored of found) {
    const memory = toMemory(ref, stored);
    const { externalKey, state, expiresAt, owner } = memory.header;
    if (externalKey === undefined) continue;
    holders.set(externalKey, {
      memory,
      gone: state === "forgotten" || (expiresAt !== undefined && expiresAt <= now),
      known: mine.has(owner) || seesClass(mine, visibilityFromKey(stored.visibility), cubeHeader),
    });
  }
  return holders;
}

/**
 * The holder without its key, to be written in the commit in which another memory takes it: a key that
 * nobody can reach any more must not stay taken for ever.
 */
export function giveUpKey({ context }: OpenCube, { memory }: KeyHolder): Draft {
  const { externalKey: _, ...header } = memory.header;
  const now = Math.floor(context.clock.now());
  const content = {
    header: { ...header, updatedAt: Math.max(now, header.updatedAt) },
    payload: memory.payload,
    edges: memory.edges,
  };
  const mutation = putMutation(context.ids, {
    op: "update",
    content,
    expectedVersion: memory.version.number,
    index: versionIndexOf(content),
  });
  return { mutation, content };
}

/** The same words whoever holds the key; the holder is not told. */
export function duplicateKey(position: string): MemCubeError {
  return new MemCubeError(
    "MEMCUBE_DUPLICATE_KEY",
    `The external key of ${position} belongs to a memory that this caller may not see. Use another key.`,
    { details: { position } },
  );
}
