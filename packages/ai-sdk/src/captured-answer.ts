import { LIMITS } from "@memcube/core";
import type { LanguageModelV4StreamPart } from "@ai-sdk/provider";

import { isAnswerPart, isFinished, type Answer } from "./from-ai-sdk.ts";

/** Texts, files, tool calls and results of one answer. */
const CAPTURED_PARTS = 1_024;

type Content = Answer["content"][number];

/** Puts an answer together from the parts of its stream, within bounds. */
export class CapturedAnswer {
  readonly #texts = new Map<string, { chunks: string[] }>();
  readonly #order: (Content | { chunks: string[] })[] = [];
  #chars = 0;
  #finishReason: unknown;
  #failed = false;

  note(part: LanguageModelV4StreamPart): void {
    switch (part.type) {
      case "text-start":
        this.#begin(part.id);
        break;
      case "text-delta":
        this.#say(part.id, part.delta);
        break;
      case "text-end":
        this.#texts.delete(part.id);
        break;
      case "finish":
        this.#finishReason = part.finishReason;
        break;
      case "error":
        this.#failed = true;
        break;
      default:
        if (isAnswerPart(part) && this.#order.length < CAPTURED_PARTS) this.#order.push(part);
    }
  }

  /** A part said that something went wrong. */
  get failed(): boolean {
    return this.#failed;
  }

  get answer(): Answer {
    return {
      content: this.#order.flatMap((part): Content[] => {
        if (!("chunks" in part)) return [part];
        const text = part.chunks.join("");
        return text === "" ? [] : [{ type: "text", text }];
      }),
    };
  }

  /** Whether the model has said what it had to say. */
  get finished(): boolean {
    return isFinished(this.answer, this.#finishReason);
  }

  #begin(id: string): { chunks: string[] } {
    const text = { chunks: [] };
    this.#texts.set(id, text);
    if (this.#order.length < CAPTURED_PARTS) this.#order.push(text);
    return text;
  }

  #say(id: string, delta: string): void {
    const text = this.#texts.get(id) ?? this.#begin(id);
    const room = LIMITS.turnChars - this.#chars;
    if (room <= 0 || delta === "") return;
    text.chunks.push(delta.slice(0, room));
    this.#chars += delta.length;
  }
}
