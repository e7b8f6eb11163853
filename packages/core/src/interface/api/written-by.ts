import { commitBodySchema, type ChangeOp, type CommitBody } from "../../flow/index.ts";
import { readLog } from "../../infrastructure/vault/index.ts";
import type { LogEntry } from "../../ports/index.ts";
import type { OpenCube } from "./context.ts";

/** Who wrote a version, when and how, as the log tells it. */
export interface WrittenBy {
  readonly actor: CommitBody["actor"];
  /** Milliseconds since the epoch, by the log. */
  readonly at: number;
  readonly op: ChangeOp;
}

/** What the log says of versions of one memory, by the sequence number that wrote them. */
export async function writtenBy(
  cube: OpenCube,
  id: string,
  seqs: readonly number[],
): Promise<ReadonlyMap<number, WrittenBy>> {
  const found = new Map<number, WrittenBy>();
  for (const seq of seqs) {
    const entry = await entryAt(cube, seq);
    if (entry === undefined) continue;
    const body = commitBodySchema.parse(JSON.parse(entry.body));
    const line = body.changes.find((change) => change.memoryId === id);
    if (line !== undefined) found.set(seq, { actor: body.actor, at: entry.at, op: line.op });
  }
  return found;
}

async function entryAt({ context, ref }: OpenCube, seq: number): Promise<LogEntry | undefined> {
  const { vault, blobs } = context.storage;
  const [hot] = await vault.log(ref, { afterSeq: seq - 1, limit: 1 });
  if (hot?.seq === seq) return hot;
  for await (const entry of readLog(vault, blobs, ref, seq - 1)) return entry;
  return undefined;
}
