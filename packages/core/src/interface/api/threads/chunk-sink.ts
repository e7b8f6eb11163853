import { hash } from "node:crypto";

import type { ThreadChunk } from "../../../ports/index.ts";
import { packBytes, packText } from "./packed-text.ts";

/** What a chunk holds decides what its hash is of: equal bytes of two kinds are two chunks. */
export type ChunkKind = "string" | "bytes" | "json" | "nodes";

/** 132 bits of SHA-256 in base64url: within one thread no two chunks are ever alike by chance. */
const HASH_CHARS = 22;

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
    return this.#add(hashOf(kind, text), needs, () => packText(text));
  }

  /** @returns the hash */
  addBytes(bytes: Uint8Array): string {
    return this.#add(hashOf("bytes", bytes), [], () => packBytes(bytes));
  }

  #add(name: string, needs: readonly string[], pack: () => Uint8Array): string {
    this.#named.add(name);
    if (!this.#known.has(name) && !this.#chunks.has(name)) {
      this.#chunks.set(name, { hash: name, needs: [...new Set(needs)], bytes: pack() });
    }
    return name;
  }
}

function hashOf(kind: ChunkKind, content: string | Uint8Array): string {
  const input =
    typeof content === "string"
      ? `${kind}\n${content}`
      : Buffer.concat([Buffer.from(`${kind}\n`), content]);
  return hash("sha256", input, "base64url").slice(0, HASH_CHARS);
}
