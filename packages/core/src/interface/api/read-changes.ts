import { z } from "zod";

import { MemCubeError } from "../../errors.ts";
import { commitBodySchema, type Change, type Position } from "../../flow/index.ts";
import { readCommit, readLog } from "../../infrastructure/vault/index.ts";
import type { LogEntry } from "../../ports/index.ts";
import type { OpenCube } from "./context.ts";
import { enter } from "./cube-access.ts";
import { parseInput, positionSchema } from "./options.ts";

/** How often a following reader looks for new commits, in milliseconds. */
const FOLLOW_MS = 200;

const logOptionsSchema = z.strictObject({
  since: positionSchema.optional(),
  follow: z.boolean().default(false),
  signal: z.instanceof(AbortSignal).optional(),
});

export type LogOptions = z.input<typeof logOptionsSchema>;

/**
 * The changes of a cube in order, from the beginning or after a position. With `follow` it goes on
 * with what happens next until the signal ends it. For the owner of the cube.
 *
 * @throws MemCubeError `MEMCUBE_POSITION_LOST` when the log has no such position (any more): then
 * read from the beginning; `MEMCUBE_FORBIDDEN`
 */
export async function* readChanges(
  cube: OpenCube,
  rawOptions: LogOptions = {},
): AsyncGenerator<Change> {
  const { since, follow, signal } = parseInput(logOptionsSchema, rawOptions, "options");
  const { position } = await enter(cube, "log.read");
  if (since !== undefined) await assertInLog(cube, since, position);
  let after = since?.seq ?? 0;
  let head = since?.head;
  for (;;) {
    for await (const entry of readLog(cube.context.storage, cube.ref, after)) {
      if (signal?.aborted === true) return;
      yield* toChanges(cube.ref.cubeId, position.epoch, entry);
      after = entry.seq;
      head = entry.head;
    }
    if (!follow) return;
    await pause(FOLLOW_MS, signal);
    if (signal?.aborted === true) return;
    const now = (await enter(cube, "log.read")).position;
    const wentBack =
      now.seq < after || (now.seq === after && head !== undefined && now.head !== head);
    if (now.epoch !== position.epoch || wentBack) throw positionLost(now);
  }
}

/** @throws MemCubeError `MEMCUBE_POSITION_LOST` */
export async function assertInLog(
  cube: OpenCube,
  wanted: Position,
  current: Position,
): Promise<void> {
  if (wanted.epoch !== current.epoch || wanted.seq > current.seq) throw positionLost(wanted);
  const entry = await readCommit(cube.context.storage, cube.ref, wanted.seq);
  if (entry?.head !== wanted.head) throw positionLost(wanted);
}

function toChanges(cubeId: string, epoch: string, entry: LogEntry): Change[] {
  const body = commitBodySchema.parse(JSON.parse(entry.body));
  const { commitId, actor, decision } = body;
  const { seq, at, head } = entry;
  const position = { epoch, seq, head };
  return body.changes.map((line) => ({
    ...line,
    cubeId,
    seq,
    at,
    commitId,
    actor,
    decision,
    position,
  }));
}

/** The error for a position that the log does not have. */
export function positionLost(position: Position): MemCubeError {
  return new MemCubeError(
    "MEMCUBE_POSITION_LOST",
    `Position ${position.seq} is not part of this cube's log (any more): read from the beginning.`,
    { details: { position } },
  );
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve) => {
    const stop = () => done();
    const timer = setTimeout(stop, ms);
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
      resolve();
    };
    signal?.addEventListener("abort", stop, { once: true });
    if (signal?.aborted === true) done();
  });
}
