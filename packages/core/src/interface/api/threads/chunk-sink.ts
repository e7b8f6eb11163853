import { hash } from "node:crypto";

import type { ThreadChunk } from "../../../ports/index.ts";
import { packBytes, packText } from "./packed-text.ts";

/** What a chunk holds decides what its hash is of: equal bytes of two kinds are two chunks. */
export type ChunkKind = "string" | "json" | "nodes";

/** 128 bits of SHA-256 in hexadecimal: within one thread no two chunks are ever alike by chance. */
const HASH_CHARS = 32;

/** Gathers the chunks of one step; those known to be stored are not packed again. */
export class ChunkSink {
  readonly #known: ReadonlySet<string>;
  readonly #chunks = new Map<string, ThreadChunk>();
  readonly #named = new Set<string>();

  constructor(known: ReadonlySet<string>) {
    this.#known = known;
  }

  /** Chunks to be stored. */
  get chunks(): readonly ThreadChunk[] {
    return [...this.#chunks.values()];
  }

  /** Hashes of all that was added, stored before or not. */
  get named(): Iterable<string> {
    return this.#named;
  }

  /** Adds a text, or JSON that names the chunks it needs. @returns its hash */
  addText(kind: ChunkKind, text: string, needs: readonly string[] = []): string {
    return this.#add(hashOf(`${kind}\n${needs.join(" ")}\n${text}`), needs, () => packText(text));
  }

  /** @returns the hash */
  addBytes(bytes: Uint8Array): string {
    return this.#add(hashOf(bytes), [], () => packBytes(bytes));
  }

  #add(name: string, needs: readonly string[], pack: () => Uint8Array): string {
    this.#named.add(name);
    if (!this.#known.has(name) && !this.#chunks.has(name)) {
      this.#chunks.set(name, { hash: name, needs, bytes: pack() });
    }
    return name;
  }
}

function hashOf(content: string | Uint8Array): string {
  return hash("sha256", content, "hex").slice(0, HASH_CHARS);
}
