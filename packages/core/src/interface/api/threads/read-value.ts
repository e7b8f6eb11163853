import { MemCubeError } from "../../../errors.ts";
import type { ChunkMap } from "../../../ports/index.ts";
import { ChunkCache, type OpenChunk } from "./chunk-cache.ts";
import { unpackBytes, unpackText } from "./packed-text.ts";
import type { ThreadValue } from "./thread-value.ts";
import type { WrittenValue } from "./write-value.ts";

/** Reads what write-value.ts wrote. Each value read is new; what chunks hold is unpacked once. */
export class ValueReader {
  readonly #chunks: ChunkMap;
  readonly #cache: ChunkCache;

  /** @param cache holds what `chunks` has not, and is told of what it has */
  constructor(chunks: ChunkMap, cache = new ChunkCache()) {
    this.#chunks = chunks;
    this.#cache = cache;
  }

  /** @throws MemCubeError `MEMCUBE_STORAGE_DAMAGED` */
  read({ text, needs }: WrittenValue): ThreadValue {
    return this.#resolve(parse(text), needs.values());
  }

  /** @param needs hashes of what the value names, consumed in the order of its text */
  #resolve(value: ThreadValue, needs: Iterator<string, undefined>): ThreadValue {
    if (typeof value === "string") {
      return value.startsWith("~") ? this.#standIn(value, needs) : value;
    }
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) {
      const list = value as ThreadValue[];
      return list[0] === "~l" ? this.#list(list, needs) : this.#resolveIn(list, needs);
    }
    return this.#resolveIn(value as Record<string, ThreadValue>, needs);
  }

  /** In place: the value was parsed here. */
  #resolveIn<Value extends object>(value: Value, needs: Iterator<string, undefined>): Value {
    for (const [key, inner] of Object.entries(value) as [string, ThreadValue][]) {
      const resolved = this.#resolve(inner, needs);
      if (resolved === inner) continue;
      // Not an assignment: that of a key "__proto__" would set something else.
      const property = { value: resolved, writable: true, enumerable: true, configurable: true };
      Object.defineProperty(value, key, property);
    }
    return value;
  }

  #standIn(value: string, needs: Iterator<string, undefined>): ThreadValue {
    switch (value[1]) {
      case "~":
        return value.slice(1);
      case "s":
        return this.#next(needs, "text").content;
      case "b":
        return new Uint8Array(this.#next(needs, "bytes").content as Uint8Array);
      case "i":
        return new Uint8Array(Buffer.from(value.slice(2), "base64"));
      case "c": {
        const { content, needs: inner } = this.#next(needs, "text");
        return this.read({ text: content as string, needs: inner });
      }
      default:
        throw damaged();
    }
  }

  #list([, ...rest]: readonly ThreadValue[], needs: Iterator<string, undefined>): ThreadValue[] {
    let chunk: OpenChunk | undefined = this.#next(needs, "text");
    const nodes = [rest.map((value) => this.#resolve(value, needs))];
    while (chunk !== undefined) {
      const node = parse(chunk.content as string);
      if (!Array.isArray(node)) throw damaged();
      const [hasBefore, ...elements] = node as ThreadValue[];
      const named: Iterator<string, undefined> = chunk.needs.values();
      chunk = hasBefore === 1 ? this.#next(named, "text") : undefined;
      nodes.push(elements.map((value) => this.#resolve(value, named)));
    }
    return nodes.toReversed().flat(1);
  }

  #next(needs: Iterator<string, undefined>, kind: "text" | "bytes"): OpenChunk {
    const next = needs.next();
    if (next.done === true) throw damaged();
    const hash = next.value;
    const known = this.#cache.get(hash);
    if (known !== undefined) return known;
    const chunk = this.#chunks.get(hash);
    if (chunk === undefined) throw damaged();
    const unpack = kind === "text" ? unpackText : unpackBytes;
    const open = { needs: chunk.needs, content: unpack(chunk.bytes) };
    this.#cache.add(hash, open);
    return open;
  }
}

/** How many chunks a parsed value names. */
export function countNeeds(value: unknown): number {
  if (typeof value === "string") return /^~[sbc]/u.test(value) ? 1 : 0;
  if (typeof value !== "object" || value === null) return 0;
  const inner = Object.values(value).reduce<number>((sum, one) => sum + countNeeds(one), 0);
  return Array.isArray(value) && value[0] === "~l" ? inner + 1 : inner;
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
