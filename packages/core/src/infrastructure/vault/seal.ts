import { isMemCubeError } from "../../errors.ts";
import type { Seal } from "../../flow/index.ts";
import { sha256Hex, type CubeRef } from "../../memory/index.ts";
import type { BlobStore, Clock, LogEntry, Signer, Vault } from "../../ports/index.ts";
import { LIMITS } from "../../limits.ts";
import { readLog } from "./history.ts";

/** Root of the seal before the first one. */
export const FIRST_ROOT = "0".repeat(64);

/** Carries a seal's root over one more commit: SHA-256 whatever hash the storage links heads with. */
export function extendRoot(root: string, entry: Pick<LogEntry, "seq" | "at" | "digest">): string {
  return sha256Hex(`memcube-seal/1\n${root}\n${entry.seq}\n${entry.at}\n${entry.digest}`);
}

/** The bytes a signer signs: they name the cube, so a seal can't be moved to another one. */
export function sealBytes(ref: CubeRef, epoch: string, seal: Omit<Seal, "signature">): Uint8Array {
  const text = [ref.tenantId, ref.cubeId, epoch, seal.fromSeq, seal.toSeq, seal.root, seal.at];
  return new TextEncoder().encode(JSON.stringify(text));
}

/** The newest seal of a log, found page by page. */
export async function lastSeal(vault: Vault, ref: CubeRef): Promise<Seal | undefined> {
  let last: Seal | undefined;
  for (;;) {
    const page = await vault.seals(ref, { afterSeq: last?.toSeq ?? 0, limit: LIMITS.pageRows });
    last = page.at(-1) ?? last;
    if (page.length < LIMITS.pageRows) return last;
  }
}

export interface SealOptions {
  readonly clock: Clock;
  readonly sealer: string;
  readonly signer?: Signer;
  /** What this process knows to be the last seal, to save looking for it. */
  readonly after?: Seal;
}

/**
 * Seals what is not sealed yet, if this process gets the lease. Losing a race is no error: then
 * somebody else sealed. Returns the sequence number up to which the log is sealed, as far as known.
 */
export async function sealLog(
  storage: { readonly vault: Vault; readonly blobs: BlobStore },
  ref: CubeRef,
  options: SealOptions,
): Promise<Seal | undefined> {
  const { vault } = storage;
  const now = options.clock.now();
  const lease = { name: "seal", holder: options.sealer, now, until: now + LIMITS.sealLeaseMs };
  if (!(await vault.lease(ref, lease))) return undefined;
  try {
    return await sealAsHolder(storage, ref, options, now);
  } finally {
    // Given back at once, so that the next process need not wait for it to lapse.
    await vault.lease(ref, { ...lease, until: now });
  }
}

async function sealAsHolder(
  { vault, blobs }: { readonly vault: Vault; readonly blobs: BlobStore },
  ref: CubeRef,
  options: SealOptions,
  now: number,
): Promise<Seal | undefined> {
  const cube = await vault.cube(ref);
  if (cube === undefined) return undefined;
  let previous = await lastSealAfter(vault, ref, options.after);
  let root = previous?.root ?? FIRST_ROOT;
  let from = (previous?.toSeq ?? 0) + 1;
  for await (const entry of readLog(vault, blobs, ref, from - 1)) {
    root = extendRoot(root, entry);
    const full = entry.seq - from + 1 >= LIMITS.sealCommits;
    if (!full && entry.seq < cube.position.seq) continue;
    const seal = await signed(ref, cube.position.epoch, options, {
      fromSeq: from,
      toSeq: entry.seq,
      root,
      at: now,
      sealer: options.sealer,
    });
    try {
      await vault.seal(ref, seal);
    } catch (error) {
      if (isMemCubeError(error, "MEMCUBE_CONFLICT")) return undefined;
      throw error;
    }
    previous = seal;
    from = entry.seq + 1;
    if (entry.seq >= cube.position.seq) break;
  }
  return previous;
}

async function lastSealAfter(vault: Vault, ref: CubeRef, known?: Seal): Promise<Seal | undefined> {
  if (known === undefined) return await lastSeal(vault, ref);
  const page = await vault.seals(ref, { afterSeq: known.toSeq, limit: 1 });
  return page.length === 0 ? known : await lastSeal(vault, ref);
}

async function signed(
  ref: CubeRef,
  epoch: string,
  options: { readonly signer?: Signer },
  seal: Seal,
): Promise<Seal> {
  const { signer } = options;
  if (signer === undefined) return seal;
  const named = { ...seal, keyId: signer.keyId };
  const signature = await signer.sign(sealBytes(ref, epoch, named));
  return { ...named, signature: Buffer.from(signature).toString("base64") };
}
