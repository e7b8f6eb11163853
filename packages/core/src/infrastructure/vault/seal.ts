import { isMemCubeError, MemCubeError } from "../../errors.ts";
import type { Seal } from "../../flow/index.ts";
import { sha256Hex, type CubeRef } from "../../memory/index.ts";
import type { Clock, LogEntry, Signer, Vault } from "../../ports/index.ts";
import { LIMITS } from "../../limits.ts";
import { readLog, type Places } from "./history.ts";

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

/** A seal with the epoch of the cube it belongs to: a cube made anew begins without one. */
export interface KnownSeal {
  readonly epoch: string;
  readonly seal: Seal;
}

export interface SealOptions {
  readonly clock: Clock;
  readonly sealer: string;
  readonly signer?: Signer;
  /** What this process knows to be the last seal, to save looking for it. */
  readonly after?: KnownSeal;
}

/**
 * Seals what is not sealed yet, if this process gets the lease. Returns the last seal; `undefined`
 * when somebody else held the lease or sealed: look again later, they may not have seen every commit.
 *
 * @throws MemCubeError `MEMCUBE_CUBE_NOT_FOUND`
 */
export async function sealLog(
  storage: Places,
  ref: CubeRef,
  options: SealOptions,
): Promise<KnownSeal | undefined> {
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
  storage: Places,
  ref: CubeRef,
  options: SealOptions,
  now: number,
): Promise<KnownSeal | undefined> {
  const { vault } = storage;
  const cube = await vault.cube(ref);
  if (cube === undefined) throw new MemCubeError("MEMCUBE_CUBE_NOT_FOUND", "The cube is gone.");
  const { epoch, seq } = cube.position;
  const { after } = options;
  // A log that went back, or another cube of this id, has none of the seals known here.
  const known = after?.epoch === epoch && after.seal.toSeq <= seq ? after.seal : undefined;
  let previous = await lastSealAfter(vault, ref, known);
  let root = previous?.root ?? FIRST_ROOT;
  let from = (previous?.toSeq ?? 0) + 1;
  for await (const entry of readLog(storage, ref, from - 1)) {
    root = extendRoot(root, entry);
    const full = entry.seq - from + 1 >= LIMITS.sealCommits;
    if (!full && entry.seq < seq) continue;
    const seal = await signed(ref, epoch, options, {
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
    if (entry.seq >= seq) break;
  }
  return previous === undefined ? undefined : { epoch, seal: previous };
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
