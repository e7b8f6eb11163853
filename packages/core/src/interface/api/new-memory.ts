import type { z } from "zod";

import { MemCubeError } from "../../errors.ts";
import { putMutation } from "../../infrastructure/vault/index.ts";
import { LIMITS } from "../../limits.ts";
import {
  fingerprintOf,
  kindOf,
  type MemoryContent,
  type MemoryHeader,
  type Payload,
} from "../../memory/index.ts";
import { versionIndexOf } from "../../operation/operator/index.ts";
import { guessLanguage } from "../../text/index.ts";
import type { Candidate } from "../reader/index.ts";
import type { OpenCube } from "./context.ts";
import type { addOptionsSchema } from "./options.ts";
import type { Draft } from "./write.ts";

export type ParsedAddOptions = z.output<typeof addOptionsSchema>;

/** What a memory is made of; the reader's candidates are such, and there are kinds it does not read. */
export type NewCandidate = Omit<Candidate, "payload" | "position"> & { readonly payload: Payload };

/** Makes the first content of a memory from what the reader found and the writer said. */
export function newContent(
  cube: OpenCube,
  id: string,
  candidate: NewCandidate,
  options: ParsedAddOptions,
): MemoryContent {
  const { context, ref, caller } = cube;
  const { payload } = candidate;
  const now = Math.floor(context.clock.now());
  const at = candidate.at ?? options.at;
  const language = candidate.language ?? options.language ?? languageOf(payload);
  const { externalKey } = candidate;
  const header: MemoryHeader = defined({
    id,
    tenantId: ref.tenantId,
    cubeId: ref.cubeId,
    kind: kindOf(payload),
    type: payload.type,
    sources: sourcesOf(candidate, id, at, options.sessionId),
    externalKey,
    tags: [...new Set([...(candidate.tags ?? []), ...(options.tags ?? [])])],
    entities: options.entities ?? [],
    topic: options.topic,
    language,
    createdAt: now,
    updatedAt: now,
    validFrom: options.validFrom,
    validTo: options.validTo,
    credibility: options.credibility ?? 1,
    fingerprint: fingerprintOf(payload),
    owner: `user:${caller.userId}`,
    allow: options.allow,
    deny: options.deny,
    state: "generated",
    frozen: false,
    expiresAt: expiryOf(cube, options),
    retentionMs: options.retentionMs,
    priority: options.priority ?? 0,
    sensitivity: options.sensitivity ?? "internal",
    licence: options.licence,
    activation: options.activation,
  });
  return defined({ header, payload, edges: options.edges ?? [], note: options.note });
}

/** When it expires, by the time it is written. */
export function expiryOf(
  { context }: OpenCube,
  { expiresAt, ttlMs }: ParsedAddOptions,
): number | undefined {
  if (expiresAt !== undefined || ttlMs === undefined) return expiresAt;
  return Math.floor(context.clock.now()) + ttlMs;
}

/** The language of what it says, as far as it can be told. */
export function languageOf(payload: Payload): string | undefined {
  return guessLanguage("text" in payload && payload.text !== undefined ? payload.text : "");
}

/** The first version of a memory, ready to be written. */
export function addDraft(cube: OpenCube, content: MemoryContent): Draft {
  assertSize(content);
  const index = versionIndexOf(content);
  const put = { op: "add", content, expectedVersion: 0, index } as const;
  return { mutation: putMutation(cube.context.ids, put), content };
}

/** @throws MemCubeError `MEMCUBE_LIMIT_EXCEEDED` */
export function assertSize({ header, payload }: MemoryContent): void {
  const conditions = header.activation === undefined ? 0 : JSON.stringify(header.activation).length;
  if (conditions > LIMITS.activationChars) {
    throw new MemCubeError(
      "MEMCUBE_LIMIT_EXCEEDED",
      `The activation conditions of a memory have at most ${LIMITS.activationChars} characters as JSON; these have ${conditions}.`,
      { details: { id: header.id, limit: LIMITS.activationChars, actual: conditions } },
    );
  }
  // Characters are at most three bytes each in JSON text: only long ones are counted exactly.
  const json = JSON.stringify(payload);
  const bytes = json.length * 3 <= LIMITS.payloadBytes ? 0 : Buffer.byteLength(json);
  if (bytes <= LIMITS.payloadBytes) return;
  throw new MemCubeError(
    "MEMCUBE_LIMIT_EXCEEDED",
    `A memory holds at most ${LIMITS.payloadBytes} bytes; this one has ${bytes}. Add long texts as { text, title } documents: they are cut into chunks.`,
    { details: { id: header.id, limit: LIMITS.payloadBytes, actual: bytes } },
  );
}

/**
 * Where it comes from, each with the time and session it was said in. What has no source of its own
 * but a time or session to keep is its own source.
 */
export function sourcesOf(
  { sources, payload }: NewCandidate,
  id: string,
  at: number | undefined,
  sessionId: string | undefined,
): MemoryHeader["sources"] {
  const session = payload.type === "turn" ? undefined : sessionId;
  const common = {
    ...(at === undefined ? {} : { at }),
    ...(session === undefined ? {} : { sessionId: session }),
  };
  if (sources.length > 0) return sources.map((source) => ({ ...common, ...source }));
  return Object.keys(common).length === 0 ? [] : [{ kind: "message", id, ...common }];
}

/** Leaves out members that are `undefined`, so that canonical bytes and parsed objects agree. */
export function defined<T extends object>(value: T): T {
  for (const key of Object.keys(value) as (keyof T)[]) {
    if (value[key] === undefined) delete value[key];
  }
  return value;
}
