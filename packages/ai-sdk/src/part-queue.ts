import type { LanguageModelV4StreamPart as Part } from "@ai-sdk/provider";

/** Parts that wait one by one; of those beyond, pieces of one text are joined. */
const SEPARATE_PARTS = 1_024;
/** About what a part takes beside its text. */
const PART_BYTES = 128;
/** A part whose size is not known. */
const OTHER_BYTES = 1_024;

/** Parts of a stream that its reader has not taken yet. */
export class PartQueue {
  #parts: Part[] = [];
  #head = 0;
  #bytes = 0;

  get length(): number {
    return this.#parts.length - this.#head;
  }

  /** About what the parts take on the heap. */
  get bytes(): number {
    return this.#bytes;
  }

  push(part: Part): void {
    const last = this.#parts.at(-1);
    const joined = this.length > SEPARATE_PARTS && last ? joinedDeltas(last, part) : undefined;
    if (joined === undefined) {
      this.#parts.push(part);
      this.#bytes += bytesOf(part);
    } else {
      this.#parts[this.#parts.length - 1] = joined;
      this.#bytes += bytesOf(part) - PART_BYTES;
    }
  }

  shift(): Part | undefined {
    const part = this.#parts[this.#head];
    if (part === undefined) return undefined;
    this.#head += 1;
    this.#bytes -= bytesOf(part);
    if (this.#head * 2 > this.#parts.length) {
      this.#parts = this.#parts.slice(this.#head);
      this.#head = 0;
    }
    return part;
  }

  clear(): void {
    this.#parts = [];
    this.#head = 0;
    this.#bytes = 0;
  }
}

/** Two pieces of the same text as one; `undefined` when they can't be. */
function joinedDeltas(last: Part, next: Part): Part | undefined {
  switch (next.type) {
    case "text-delta":
    case "reasoning-delta":
    case "tool-input-delta":
      return last.type === next.type &&
        last.id === next.id &&
        last.providerMetadata === undefined &&
        next.providerMetadata === undefined
        ? { ...last, delta: last.delta + next.delta }
        : undefined;
    default:
      return undefined;
  }
}

function bytesOf(part: Part): number {
  switch (part.type) {
    case "text-delta":
    case "reasoning-delta":
    case "tool-input-delta":
      return PART_BYTES + 2 * part.delta.length;
    case "tool-call":
      return PART_BYTES + 2 * part.input.length;
    case "file":
    case "reasoning-file":
      return PART_BYTES + ("data" in part.data ? part.data.data.length : 0);
    case "raw":
    case "tool-result":
    case "finish":
    case "response-metadata":
      return OTHER_BYTES;
    default:
      return PART_BYTES;
  }
}
