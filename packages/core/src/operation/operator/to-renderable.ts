import { refKey, refOf } from "../../flow/index.ts";
import type { Memory } from "../../memory/index.ts";
import type { RenderRecord } from "./index/index.ts";
import { textOf } from "./memory-text.ts";
import { sessionOf, timeOf } from "./to-document.ts";

/** A memory as the renderer of prompt text sees it; its id there is {@link refKey}. */
export function toRenderable(memory: Memory): RenderRecord {
  const { header, payload } = memory;
  const turn = payload.type === "turn" ? payload : undefined;
  return {
    id: refKey(refOf(memory)),
    type: header.type,
    text: textOf(payload),
    title: payload.type === "document" ? payload.title : undefined,
    caption: turn?.caption,
    speaker: turn?.speaker ?? turn?.role,
    sessionId: sessionOf(memory),
    order: turn?.order ?? (payload.type === "document" ? payload.chunk?.index : undefined),
    at: timeOf(memory),
  };
}
