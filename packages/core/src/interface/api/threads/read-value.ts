import { MemCubeError } from "../../../errors.ts";
import type { ChunkMap } from "../../../ports/index.ts";
import { unpackBytes, unpackText } from "./packed-text.ts";
import type { ThreadValue } from "./thread-value.ts";

/** Reads what write-value.ts wrote. Each value read is new; what chunks hold is unpacked once. */
export class ValueReader {
  readonly #chunks: ChunkMap;
  readonly #texts = new Map<string, string>();

  constructor(chunks: ChunkMap) {
    this.#chunks = chunks;
  }

  /** @throws MemCubeError `MEMCUBE_STORAGE_DAMAGED` */
  read(text: string): ThreadValue {
    return this.#resolve(parse(text));
  }

  #resolve(value: ThreadValue): ThreadValue {
    if (typeof value === "string") return value.startsWith("~") ? this.#standIn(value) : value;
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) {
      const list = value as ThreadValue[];
      return list[0] === "~l" ? this.#list(list) : this.#resolveIn(list);
    }
    return this.#resolveIn(value as Record<string, ThreadValue>);
  }

  /** In place: the value was parsed here. */
  #resolveIn<Value extends object>(value: Value): Value {
    for (const [key, inner] of Object.entries(value) as [string, ThreadValue][]) {
      const resolved = this.#resolve(inner);
      if (resolved === inner) continue;
      // Not an assignment: that of a key "__proto__" would set something else.
      const property = { value: resolved, writable: true, enumerable: true, configurable: true };
      Object.defineProperty(value, key, property);
    }
    return value;
  }

  #standIn(value: string): ThreadValue {
    const rest = value.slice(2);
    switch (value[1]) {
      case "~":
        return value.slice(1);
      case "s":
        return this.#text(rest);
      case "b":
        return unpackBytes(this.#chunk(rest));
      case "i":
        return new Uint8Array(Buffer.from(rest, "base64"));
      case "c":
        return this.read(this.#text(rest));
      default:
        throw damaged();
    }
  }

  #list([, last, ...rest]: readonly ThreadValue[]): ThreadValue[] {
    const nodes: ThreadValue[][] = [rest.map((value) => this.#resolve(value))];
    let hash = last;
    while (typeof hash === "string") {
      const node = parse(this.#text(hash));
      if (!Array.isArray(node)) throw damaged();
      const [before, ...elements] = node as ThreadValue[];
      nodes.push(elements.map((value) => this.#resolve(value)));
      hash = before;
    }
    return nodes.toReversed().flat(1);
  }

  #text(hash: string): string {
    let text = this.#texts.get(hash);
    if (text === undefined) {
      text = unpackText(this.#chunk(hash));
      this.#texts.set(hash, text);
    }
    return text;
  }

  #chunk(hash: string): Uint8Array {
    const bytes = this.#chunks.get(hash);
    if (bytes === undefined) throw damaged();
    return bytes;
  }
}

function parse(text: string): ThreadValue {
  try {
    return JSON.parse(text) as ThreadValue;
  } catch (cause) {
    throw damaged(cause);
  }
}

function damaged(cause?: unknown): MemCubeError {
  const why = "A thread's state is not what was written. Restore a backup.";
  return new MemCubeError("MEMCUBE_STORAGE_DAMAGED", why, { cause });
}
