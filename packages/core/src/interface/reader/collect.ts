import { LIMITS } from "../../limits.ts";
import { pathOf, type PlaintextPayload } from "../../memory/index.ts";
import type { Candidate } from "./candidate.ts";
import { defined } from "./defined.ts";
import { type Outcome, type Rejection, reject, type Skip } from "./outcome.ts";
import { fieldOf, shownPosition } from "./position.ts";
import { READER_LIMITS } from "./reader-limits.ts";

/** What one call read. Every piece of the input is in at least one of the three lists. */
export interface ReadResult {
  readonly candidates: readonly Candidate[];
  readonly rejected: readonly Rejection[];
  /** Left out on purpose: hidden messages, reasoning, other branches, blank lines. */
  readonly skipped: readonly Skip[];
  /** Name of the shape that was read, `mixed` for several, `none` for none. */
  readonly format: string;
}

/** Sorts outcomes into their lists, in order, and holds the bounds that are the same for all. */
export function collect(outcomes: Iterable<Outcome>): Omit<ReadResult, "format"> {
  const candidates: Candidate[] = [];
  const rejected: Rejection[] = [];
  const skipped: Skip[] = [];
  const keys = new Set<string>();
  const sort = (outcome: Outcome): void => {
    if ("candidate" in outcome) {
      const position = shownPosition(outcome.candidate.position);
      candidates.push(defined({ ...outcome.candidate, position }));
    } else if ("rejection" in outcome) {
      const position = shownPosition(outcome.rejection.position);
      rejected.push({ ...outcome.rejection, position });
    } else {
      skipped.push({ ...outcome.skip, position: shownPosition(outcome.skip.position) });
    }
  };
  for (const outcome of outcomes) {
    if (candidates.length + rejected.length + skipped.length >= READER_LIMITS.outcomes) {
      sort(reject(positionOf(outcome), "too-many"));
      break;
    }
    for (const checked of "candidate" in outcome ? check(outcome.candidate, keys) : [outcome]) {
      sort(checked);
    }
  }
  return { candidates, rejected, skipped };
}

function positionOf(outcome: Outcome): string {
  if ("candidate" in outcome) return outcome.candidate.position;
  return "skip" in outcome ? outcome.skip.position : outcome.rejection.position;
}

function* check(candidate: Candidate, keys: Set<string>): Generator<Outcome> {
  const { externalKey, position } = candidate;
  if (isTooLong(candidate.payload)) {
    yield reject(position, "too-long", `a memory has at most ${LIMITS.payloadBytes} bytes as JSON`);
    return;
  }
  if (externalKey !== undefined && keys.has(externalKey)) {
    if (pathOf(candidate.payload) !== undefined) {
      yield reject(position, "duplicate-id", "an earlier value of the same input has this path");
      return;
    }
    yield { candidate: { ...candidate, externalKey: undefined } };
    yield reject(fieldOf(position, "id"), "duplicate-id");
    return;
  }
  if (externalKey !== undefined) keys.add(externalKey);
  yield { candidate };
}

/** A UTF-16 code unit has at most three bytes in UTF-8. */
function isTooLong(payload: PlaintextPayload): boolean {
  const json = JSON.stringify(payload);
  if (json.length * 3 <= LIMITS.payloadBytes) return false;
  return new TextEncoder().encode(json).length > LIMITS.payloadBytes;
}
