import { cubeKey, type CubeRef, type Memory } from "../../memory/index.ts";

interface Entry {
  readonly memory: Memory;
  /** The loaded index that followed the log when this was read. */
  readonly follower: number;
  readonly sizeBytes: number;
}

/**
 * Memories that were returned lately, so that a repeated search reads nothing. An entry lives as long
 * as the loaded index that it was found with follows the log and takes out what changed. A version
 * number alone would not do: an erased memory that is imported again starts at version 1 once more.
 */
export class MemoryCache {
  readonly #budgetBytes: number;
  readonly #entries = new Map<string, Entry>();
  #sizeBytes = 0;

  constructor(budgetBytes: number) {
    this.#budgetBytes = budgetBytes;
  }

  /** @param follower number of the loaded index that the hit came from */
  get(ref: CubeRef, id: string, version: number, follower: number): Memory | undefined {
    const key = keyOf(ref, id);
    const entry = this.#entries.get(key);
    if (entry?.memory.version.number !== version || entry.follower !== follower) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.memory;
  }

  /** @param contentChars characters of the stored content: what the entry costs, roughly halved */
  set(ref: CubeRef, memory: Memory, contentChars: number, follower: number): void {
    const key = keyOf(ref, memory.header.id);
    this.#drop(key);
    const sizeBytes = 2 * contentChars + 512;
    this.#entries.set(key, { memory, follower, sizeBytes });
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
