import { hash } from "node:crypto";

import type { ThreadChunk } from "../../../ports/index.ts";
import type { ChunkCache, OpenChunk } from "./chunk-cache.ts";
import type { Packing } from "./packed-text.ts";

/** What a chunk holds decides what its hash is of: equal bytes of two kinds are two chunks. */
export type ChunkKind = "string" | "json" | "nodes";

/** A chunk with the hash it was given. */
export type AddedChunk = readonly [hash: string, chunk: OpenChunk];

/** 128 bits of SHA-256 in hexadecimal: within one thread no two chunks are ever alike by chance. */
const HASH_CHARS = 32;

/** Gathers the chunks of one step; those known to be stored are not packed again. */
export class ChunkSink {
  /** How all that the step holds is packed. */
  readonly packing: Packing;
  readonly #known: ReadonlySet<string>;
  readonly #chunks = new Map<string, ThreadChunk>();
  readonly #named = new Set<string>();
  readonly #cache: ChunkCache | undefined;
  #recorded: AddedChunk[] | undefined;

  /**
   * @param known hashes that are stored
   * @param cache told of what is new, so that it need not be read
   */
  constructor(known: ReadonlySet<string>, packing: Packing, cache?: ChunkCache) {
    this.packing = packing;
    this.#known = known;
    this.#cache = cache;
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
    const make = (): string => hashOf(`${kind}\n${needs.join(" ")}\n${text}`);
    const isKnown = kind === "string" && this.#cache !== undefined;
    return this.#add(isKnown ? this.#cache.nameOf(text, make) : make(), { needs, content: text });
  }

  /** @returns the hash */
  addBytes(bytes: Uint8Array): string {
    return this.#add(hashOf(bytes), { needs: [], content: new Uint8Array(bytes) });
  }

  /** Adds what was recorded, by this sink or another. */
  addAll(chunks: readonly AddedChunk[]): void {
    for (const [name, chunk] of chunks) this.#add(name, chunk);
  }

  /** What `write` returns, and all that it adds. */
  record<T>(write: () => T): { readonly value: T; readonly chunks: readonly AddedChunk[] } {
    const outer = this.#recorded;
    const chunks: AddedChunk[] = [];
    this.#recorded = chunks;
    try {
      return { value: write(), chunks };
    } finally {
      this.#recorded = outer;
      outer?.push(...chunks);
    }
  }

  #add(name: string, chunk: OpenChunk): string {
    this.#recorded?.push([name, chunk]);
    this.#named.add(name);
    if (!this.#known.has(name) && !this.#chunks.has(name)) {
      const { needs, content } = chunk;
      const { text, bytes: pack } = this.packing;
      const bytes = typeof content === "string" ? text(content) : pack(content);
      this.#chunks.set(name, { hash: name, needs, bytes });
      this.#cache?.add(name, chunk);
    }
    return name;
  }
}

function hashOf(content: string | Uint8Array): string {
  return hash("sha256", content, "hex").slice(0, HASH_CHARS);
}
