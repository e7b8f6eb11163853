import { commitBodySchema, type ChangeOp, type CommitBody } from "../../flow/index.ts";
import { readCommit } from "../../infrastructure/vault/index.ts";
import { LIMITS } from "../../limits.ts";
import type { LogEntry, StoredVersion } from "../../ports/index.ts";
import type { OpenCube } from "./context.ts";

/** Who wrote a version, when and how, as the log tells it. */
export interface WrittenBy {
  /** For who may read the cube's log; everybody else is told only of what they wrote themselves. */
  readonly actor?: CommitBody["actor"];
  /** Milliseconds since the epoch, by the log. */
  readonly at: number;
  readonly op: ChangeOp;
}

interface Asked {
  readonly id: string;
  readonly versions: readonly StoredVersion[];
  /** Commits that are known already, by sequence number. */
  readonly commits: ReadonlyMap<number, LogEntry>;
  /** Whether the caller may know every actor. */
  readonly every: boolean;
}

/** What the log says of versions of one memory, by the sequence number that wrote them. */
export async function writtenBy(
  cube: OpenCube,
  { id, versions, commits, every }: Asked,
): Promise<ReadonlyMap<number, WrittenBy>> {
  const { caller } = cube;
  const seqs = versions.map((stored) => stored.fromSeq).sort((a, b) => a - b);
  const unknown = seqs.filter((seq) => !commits.has(seq));
  const entries = new Map([...commits, ...(await hotCommits(cube, unknown))]);
  const found = new Map<number, WrittenBy>();
  for (const seq of seqs) {
    // One that was archived in between is in a segment by now.
    const entry = entries.get(seq) ?? (await readCommit(cube.context.storage, cube.ref, seq));
    if (entry === undefined) continue;
    const { actor, changes } = commitBodySchema.parse(JSON.parse(entry.body));
    const op = changes.find((change) => change.memoryId === id)?.op;
    if (op === undefined) continue;
    const told = every || actor.userId === caller.userId;
    found.set(seq, { ...(told ? { actor } : {}), at: entry.at, op });
  }
  return found;
}

/** Commits in hot storage by ascending sequence numbers, those near each other in one call. */
async function hotCommits(
  { context, ref }: OpenCube,
  seqs: readonly number[],
): Promise<readonly (readonly [number, LogEntry])[]> {
  const found: [number, LogEntry][] = [];
  const wanted = new Set(seqs);
  for (let place = 0; place < seqs.length;) {
    const first = seqs[place] ?? 0;
    let last = first;
    while (place < seqs.length && (seqs[place] ?? 0) - first < LIMITS.pageRows) {
      last = seqs[place++] ?? last;
    }
    const query = { afterSeq: first - 1, limit: last - first + 1 };
    for (const entry of await context.storage.vault.log(ref, query)) {
      if (wanted.has(entry.seq)) found.push([entry.seq, entry]);
    }
  }
  return found;
}
