import { cubeKey, type CubeRef, type Memory } from "../../memory/index.ts";

interface Entry {
  readonly memory: Memory;
  readonly sizeBytes: number;
}

/**
 * Memories that were returned lately, so that a repeated search reads nothing. A version never
 * changes, so an entry is right as long as its version is the one asked for.
 */
export class MemoryCache {
  readonly #budgetBytes: number;
  readonly #entries = new Map<string, Entry>();
  #sizeBytes = 0;

  constructor(budgetBytes: number) {
    this.#budgetBytes = budgetBytes;
  }

  get(ref: CubeRef, id: string, version: number): Memory | undefined {
    const key = keyOf(ref, id);
    const entry = this.#entries.get(key);
    if (entry?.memory.version.number !== version) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.memory;
  }

  /** @param contentChars characters of the stored content: what the entry costs, roughly halved */
  set(ref: CubeRef, memory: Memory, contentChars: number): void {
    const key = keyOf(ref, memory.header.id);
    this.#drop(key);
    const sizeBytes = 2 * contentChars + 512;
    this.#entries.set(key, { memory, sizeBytes });
    this.#sizeBytes += sizeBytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#sizeBytes <= this.#budgetBytes) return;
      this.#drop(oldest);
    }
  }

  /** Forgets a memory, so that erased content leaves the heap with it. */
  delete(ref: CubeRef, id: string): void {
    this.#drop(keyOf(ref, id));
  }

  clear(): void {
    this.#entries.clear();
    this.#sizeBytes = 0;
  }

  #drop(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#sizeBytes -= entry.sizeBytes;
  }
}

function keyOf(ref: CubeRef, id: string): string {
  return `${cubeKey(ref)}${id}`;
}
