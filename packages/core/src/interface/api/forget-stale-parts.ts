import type { Position } from "../../flow/index.ts";
import { putMutation } from "../../infrastructure/vault/index.ts";
import { LIMITS } from "../../limits.ts";
import type { Memory } from "../../memory/index.ts";
import { nextState } from "../../operation/lifecycle/index.ts";
import { versionIndexOf } from "../../operation/operator/index.ts";
import { partKey, partOf, type Candidate } from "../reader/index.ts";
import type { OpenCube } from "./context.ts";
import type { Entered } from "./cube-access.ts";
import { keyHolders } from "./key-holders.ts";
import { write, type Draft } from "./write.ts";

/** A document of more parts than this is not looked after: chunks of 300 tokens make a library. */
const MOST_PARTS = 100_000;
/** Keys looked up at a time; most documents did not shrink, and one look tells. */
const PROBED = 32;

/**
 * A document that was added again and became shorter leaves parts of its earlier self: those numbered
 * beyond its last one are forgotten. Only keys of parts are looked at, which no user can give. Returns
 * where the log is after that; `undefined` when there were none.
 */
export async function forgetStaleParts(
  cube: OpenCube,
  candidates: readonly Candidate[],
  signal: AbortSignal | undefined,
): Promise<Position | undefined> {
  let position: Position | undefined;
  for (const [key, last] of lastParts(candidates)) {
    let from = last + 1;
    let found = PROBED;
    while (found === PROBED && from < MOST_PARTS) {
      const written = await write(cube, {
        action: "memory.forget",
        drafts: async (state) => {
          const parts = await partsFrom(cube, state, key, from);
          found = parts.length;
          return parts.filter(isStale).map((memory) => forgetDraft(cube, memory));
        },
        ...(signal === undefined ? {} : { signal }),
      });
      position = written.receipt?.position ?? position;
      from += PROBED;
    }
  }
  return position;
}

/** The number of the last part by document; 0 for a document of one memory. */
function lastParts(candidates: readonly Candidate[]): ReadonlyMap<string, number> {
  const last = new Map<string, number>();
  for (const { payload, externalKey } of candidates) {
    if (payload.type !== "document" || externalKey === undefined) continue;
    const { key, part } = partOf(externalKey) ?? { key: externalKey, part: 0 };
    last.set(key, Math.max(last.get(key) ?? 0, part));
  }
  return last;
}

/** The parts that the caller may know of among the next {@link PROBED} numbers. */
async function partsFrom(
  cube: OpenCube,
  state: Entered,
  key: string,
  from: number,
): Promise<readonly Memory[]> {
  const keys = Array.from({ length: PROBED }, (_, i) => partKey(key, from + i)).filter(
    (each) => each.length <= LIMITS.idChars,
  );
  const holders = await keyHolders(cube, state, keys);
  return [...holders.values()].flatMap(({ memory, known }) => (known ? [memory] : []));
}

/** What is frozen or forgotten stays as it is. */
function isStale({ header, payload }: Memory): boolean {
  return payload.type === "document" && !header.frozen && header.state !== "forgotten";
}

function forgetDraft({ context }: OpenCube, memory: Memory): Draft {
  const { header, payload, edges, version } = memory;
  const now = Math.floor(context.clock.now());
  const content = {
    header: {
      ...header,
      state: nextState(header.state, "forget"),
      updatedAt: Math.max(now, header.updatedAt),
    },
    payload,
    edges,
    note: "the document became shorter",
  };
  const mutation = putMutation(context.ids, {
    op: "forget",
    content,
    expectedVersion: version.number,
    index: versionIndexOf(content),
  });
  return { mutation, content };
}
