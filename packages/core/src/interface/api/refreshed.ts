import {
  canonicalJson,
  fingerprintOf,
  kindOf,
  type Memory,
  type MemoryContent,
  type MemoryHeader,
  type PlaintextPayload,
} from "../../memory/index.ts";
import { assertNotFrozen, nextState, sameContent } from "../../operation/lifecycle/index.ts";
import type { Candidate } from "../reader/index.ts";
import type { OpenCube } from "./context.ts";
import type { Entered } from "./cube-access.ts";
import { defined, expiryOf, languageOf, sourcesOf, type ParsedAddOptions } from "./new-memory.ts";
import { assertMayShareAndRetire } from "./update.ts";

/**
 * A memory after its key was added again with `onDuplicate: "update"`: the payload is the new one,
 * fields that the options name take their values, all else stays. A turn keeps its place in the
 * session. `undefined` when it says what it said before.
 *
 * @throws MemCubeError `MEMCUBE_FROZEN`, `MEMCUBE_BAD_TRANSITION`, `MEMCUBE_FORBIDDEN` (its lists are
 * another's)
 */
export function refreshed(
  cube: OpenCube,
  state: Entered,
  current: Memory,
  candidate: Candidate,
  options: ParsedAddOptions,
): MemoryContent | undefined {
  const payload = inPlace(current, candidate.payload);
  const changed = canonicalJson(payload) !== canonicalJson(current.payload);
  const { header } = current;
  const given = settableOf(cube, candidate, options);
  const next: MemoryHeader = defined({
    ...header,
    ...given,
    kind: kindOf(payload),
    type: payload.type,
    fingerprint: changed ? fingerprintOf(payload) : header.fingerprint,
    language: given.language ?? (changed ? languageOf(payload) : header.language),
    sources: sourcesAfter(header, candidate, options, changed),
  });
  const content = { header: next, payload, edges: options.edges ?? current.edges };
  if (sameContent(content, current)) return undefined;
  assertNotFrozen(header);
  assertMayShareAndRetire(cube, state, header, next);
  const now = Math.floor(cube.context.clock.now());
  return {
    ...content,
    header: {
      ...next,
      state: nextState(header.state, "activate"),
      updatedAt: Math.max(now, header.updatedAt),
    },
    ...(options.note === undefined ? {} : { note: options.note }),
  };
}

function inPlace({ payload: before }: Memory, payload: PlaintextPayload): PlaintextPayload {
  const sameSession =
    before.type === "turn" && payload.type === "turn" && before.sessionId === payload.sessionId;
  return sameSession ? { ...payload, order: before.order } : payload;
}

/** Header fields that the writer named this time. */
function settableOf(
  cube: OpenCube,
  candidate: Candidate,
  options: ParsedAddOptions,
): Partial<MemoryHeader> {
  const tags = [...(candidate.tags ?? []), ...(options.tags ?? [])];
  const named = candidate.tags !== undefined || options.tags !== undefined;
  return defined({
    tags: named ? [...new Set(tags)] : undefined,
    entities: options.entities,
    topic: options.topic,
    language: candidate.language ?? options.language,
    validFrom: options.validFrom,
    validTo: options.validTo,
    credibility: options.credibility,
    allow: options.allow,
    deny: options.deny,
    expiresAt: expiryOf(cube, options),
    retentionMs: options.retentionMs,
    priority: options.priority,
    sensitivity: options.sensitivity,
    licence: options.licence,
    activation: options.activation,
  });
}

/** Sources of what it says now; the same words said at no other time keep theirs. */
function sourcesAfter(
  { id, sources }: MemoryHeader,
  candidate: Candidate,
  options: ParsedAddOptions,
  changed: boolean,
): MemoryHeader["sources"] {
  const at = candidate.at ?? options.at;
  const sameTime = at === undefined || at === sources[0]?.at;
  if (!changed && sameTime) return sources;
  const next = sourcesOf(candidate, id, at ?? sources[0]?.at, options.sessionId);
  return next.length === 0 ? sources : next;
}
