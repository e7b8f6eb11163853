import {
  LIVE_STATES,
  type Memory,
  type MemoryContent,
  pathLabels,
  visibilityKey,
  visibilityOf,
} from "../../memory/index.ts";
import type { VersionIndex } from "../../ports/index.ts";
import { dateTerms, indexTerms } from "../../text/index.ts";
import type { IndexDocument } from "./index/index.ts";
import { textOf } from "./memory-text.ts";

/** When it was said or happened, else when it was created; milliseconds since the epoch. */
export function timeOf({ header, payload }: Pick<MemoryContent, "header" | "payload">): number {
  if (payload.type === "event" && payload.startsAt !== undefined) return payload.startsAt;
  return header.sources[0]?.at ?? header.validFrom ?? header.createdAt;
}

/** The session it belongs to, by its payload or its first source. */
export function sessionOf({ header, payload }: Pick<MemoryContent, "header" | "payload">) {
  const own = payload.type === "turn" ? payload.sessionId : undefined;
  return own ?? header.sources[0]?.sessionId;
}

/** What a vault indexes of a content. */
export function versionIndexOf(content: MemoryContent): VersionIndex {
  const { header, edges } = content;
  const sessionId = sessionOf(content);
  return {
    kind: header.kind,
    type: header.type,
    state: header.state,
    visibility: visibilityKey(visibilityOf(header)),
    ...(header.externalKey === undefined ? {} : { externalKey: header.externalKey }),
    ...(sessionId === undefined ? {} : { sessionId }),
    tags: [...header.tags, ...pathLabels(content.payload)],
    at: timeOf(content),
    ...(header.expiresAt === undefined ? {} : { expiresAt: header.expiresAt }),
    terms: isSearched(content) ? searchTerms(content) : "",
    edges,
  };
}

/** Whether search can find it: a value may be kept from it by an empty text. */
function isSearched({ header, payload }: Pick<MemoryContent, "header" | "payload">): boolean {
  return LIVE_STATES.includes(header.state) && !(payload.type === "json" && payload.text === "");
}

/** Analysed terms of all that search looks at, for storages with candidates. */
function searchTerms(content: MemoryContent): string {
  const { header, payload } = content;
  const parts = [textOf(payload), ...header.tags, ...header.entities, ...(header.topic ?? [])];
  if (payload.type === "turn") parts.push(payload.speaker ?? "", payload.caption ?? "");
  if (payload.type === "document") parts.push(payload.title ?? "");
  const terms = parts.flatMap((part) => (part === "" ? [] : indexTerms(part)));
  return [...terms, ...dateTerms(timeOf(content))].join(" ");
}

/** A memory as the in-process index sees it; `undefined` when search does not find it. */
export function toDocument(
  memory: Memory,
  visibility: string,
  vector?: Float32Array,
): IndexDocument | undefined {
  const { header, payload } = memory;
  if (header.kind !== "plaintext" || !isSearched(memory)) return undefined;
  return {
    id: header.id,
    version: memory.version.number,
    visibility,
    type: header.type,
    text: textOf(payload),
    title: payload.type === "document" ? payload.title : undefined,
    caption: payload.type === "turn" ? payload.caption : undefined,
    speaker: speakerOf(memory),
    role: payload.type === "turn" ? payload.role : undefined,
    sessionId: sessionOf(memory),
    order: orderOf(memory),
    at: timeOf(memory),
    tags: header.tags,
    labels: pathLabels(payload),
    entities: [...header.entities, ...(header.topic ?? [])],
    expiresAt: header.expiresAt,
    validFrom: header.validFrom,
    validTo: header.validTo,
    vector,
  };
}

function speakerOf({ payload }: Memory): string | undefined {
  if (payload.type === "turn") return payload.speaker;
  return payload.type === "preference" ? payload.holder : undefined;
}

function orderOf({ payload }: Memory): number | undefined {
  if (payload.type === "turn") return payload.order;
  return payload.type === "document" ? payload.chunk?.index : undefined;
}
