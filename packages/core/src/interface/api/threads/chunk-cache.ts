/** A chunk as it was before it was packed. */
export interface OpenChunk {
  readonly needs: readonly string[];
  readonly content: string | Uint8Array;
}

/** Characters and bytes held in all. */
const BUDGET = 16_777_216;

/** What one entry takes beside its content. */
const OVERHEAD = 200;

/** Texts whose names are remembered, and how long they may be. */
const NAMES = 4_096;
const NAMED_CHARS = 512;

/**
 * Chunks this process has written or read lately. A chunk never changes and its name says what it is, so
 * whoever finds a name in a checkpoint of its own may have it from here.
 */
export class ChunkCache {
  readonly #chunks = new Map<string, OpenChunk>();
  readonly #names = new Map<string, string>();
  #size = 0;

  get(hash: string): OpenChunk | undefined {
    const chunk = this.#chunks.get(hash);
    if (chunk === undefined) return undefined;
    this.#chunks.delete(hash);
    this.#chunks.set(hash, chunk);
    return chunk;
  }

  add(hash: string, chunk: OpenChunk): void {
    if (chunk.content.length > BUDGET / 8 || this.#chunks.has(hash)) return;
    this.#chunks.set(hash, chunk);
    this.#size += sizeOf(chunk);
    for (const [oldest, old] of this.#chunks) {
      if (this.#size <= BUDGET) return;
      this.#chunks.delete(oldest);
      this.#size -= sizeOf(old);
    }
  }

  /** The name of a text: a list of messages is written again and again with one more. */
  nameOf(text: string, make: () => string): string {
    const known = this.#names.get(text);
    if (known !== undefined) return known;
    const name = make();
    if (text.length > NAMED_CHARS) return name;
    this.#names.set(text, name);
    for (const oldest of this.#names.keys()) {
      if (this.#names.size <= NAMES) break;
      this.#names.delete(oldest);
    }
    return name;
  }

  /** Whether everything that `roots` need, directly or not, is here. */
  holds(roots: readonly string[]): boolean {
    const open = [...roots];
    const seen = new Set<string>();
    for (let hash = open.pop(); hash !== undefined; hash = open.pop()) {
      if (seen.has(hash)) continue;
      seen.add(hash);
      const chunk = this.get(hash);
      if (chunk === undefined) return false;
      open.push(...chunk.needs);
    }
    return true;
  }
}

function sizeOf({ content, needs }: OpenChunk): number {
  return content.length + 32 * needs.length + OVERHEAD;
}
