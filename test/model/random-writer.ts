import { commitRequest, eraseWrite, memoryWrite } from "@memcube/conformance";
import { type CubeRef, isMemCubeError, type Storage, type VaultWrite } from "@memcube/core";

/** The cube that several processes write to. */
export const SHARED: CubeRef = { tenantId: "tenant", cubeId: "shared" };

/** A commit that was acknowledged. */
export interface Acknowledged {
  readonly commitId: string;
  readonly seq: number;
  readonly head: string;
}

export interface WriterOptions {
  /** Prefix of its commits. */
  readonly name: string;
  readonly seed: number;
  readonly commits: number;
  /** The next commit waits for it. */
  readonly onAcknowledged: (acknowledged: Acknowledged) => Promise<void> | void;
}

const IDS = ["a", "b", "c", "d", "e", "f"];

/**
 * Puts and erases at random among a few memories that others write to, under versions it has just
 * read, now and then under wrong ones. The text of a version is the id of its commit.
 *
 * @returns how many commits were refused: they lost to another writer, or it took too long
 */
export async function writeAtRandom(storage: Storage, options: WriterOptions): Promise<number> {
  const random = randomOf(options.seed);
  let refused = 0;
  for (let count = 0; count < options.commits; count += 1) {
    const commitId = `${options.name}-${count}`;
    const acknowledged = await commitAtRandom(storage, random, commitId);
    if (acknowledged === undefined) refused += 1;
    else await options.onAcknowledged(acknowledged);
  }
  return refused;
}

async function commitAtRandom(
  storage: Storage,
  random: () => number,
  commitId: string,
): Promise<Acknowledged | undefined> {
  try {
    const writes = await chooseWrites(storage, random, commitId);
    const request = commitRequest({ cube: SHARED, commitId, writes });
    const { position, replayed } = await storage.vault.commit(request);
    if (replayed) throw new Error("a commit without a key was replayed");
    return { commitId, seq: position.seq, head: position.head };
  } catch (error) {
    const refused = ["MEMCUBE_CONFLICT", "MEMCUBE_BUSY"] as const;
    if (refused.some((code) => isMemCubeError(error, code))) return undefined;
    throw error;
  }
}

async function chooseWrites(
  storage: Storage,
  random: () => number,
  commitId: string,
): Promise<VaultWrite[]> {
  const ids = IDS.filter(() => random() < 0.3);
  const chosen = ids.length === 0 ? ["a"] : ids;
  const found = await storage.vault.read(SHARED, { access: { system: "write" }, ids: chosen });
  return chosen.map((id) => {
    const version = found.find((row) => row.id === id)?.version ?? 0;
    const expectedVersion = random() < 0.05 ? version + 1 : version;
    if (version > 0 && random() < 0.15) return eraseWrite(id, expectedVersion);
    return memoryWrite(SHARED, { id, expectedVersion, text: commitId });
  });
}

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
