import type { Memory, Payload } from "@memcube/core";

import { formatTime } from "./format-values.ts";
import { oneLine } from "./plain-text.ts";

/** What a payload says, as text that may still hold anything: print it through `plainText`. */
export function payloadText(payload: Payload): string {
  switch (payload.type) {
    case "text":
    case "document":
    case "turn":
    case "fact":
    case "event":
    case "preference":
      return payload.text;
    case "tool-schema":
      return `${payload.name}: ${payload.description}`;
    case "tool-trajectory":
      return payload.lesson === undefined ? payload.task : `${payload.task} (${payload.lesson})`;
    case "skill":
      return `${payload.name}: ${payload.description}`;
    case "json":
      return payload.text ?? JSON.stringify(payload.value);
    default:
      return JSON.stringify(payload);
  }
}

/**
 * Where a memory comes from: who said it, in which session, when, in which message. Safe to print.
 */
export function provenanceOf({ header, payload }: Memory): string {
  const [source] = header.sources;
  const speaker = payload.type === "turn" ? (payload.speaker ?? payload.role) : undefined;
  const session = (payload.type === "turn" ? payload.sessionId : undefined) ?? source?.sessionId;
  const at = source?.at ?? header.createdAt;
  const chunk =
    payload.type === "document" && payload.chunk !== undefined && payload.chunk.count > 1
      ? `part ${payload.chunk.index + 1} of ${payload.chunk.count}`
      : undefined;
  const parts = [speaker, session, formatTime(at), source?.id, chunk];
  return parts.flatMap((part) => (part === undefined ? [] : oneLine(part))).join(" · ");
}
