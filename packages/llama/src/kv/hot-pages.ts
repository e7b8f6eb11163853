import type { KvPage } from "./page.ts";

/**
 * Pages in RAM whose content was verified when they came in, those used last under a byte budget.
 * The same hash never has other bytes, so nothing here is ever stale.
 */
export class HotPages {
  readonly #budgetBytes: number;
  readonly #pages = new Map<string, KvPage>();
  #bytes = 0;

  constructor(budgetBytes: number) {
    this.#budgetBytes = budgetBytes;
  }

  get sizeBytes(): number {
    return this.#bytes;
  }

  get(hash: string): KvPage | undefined {
    const page = this.#pages.get(hash);
    if (page === undefined) return undefined;
    this.#pages.delete(hash);
    this.#pages.set(hash, page);
    return page;
  }

  set(hash: string, page: KvPage): void {
    if (page.bytes.length > this.#budgetBytes) return;
    this.delete(hash);
    this.#pages.set(hash, page);
    this.#bytes += page.bytes.length;
    for (const oldest of this.#pages.keys()) {
      if (this.#bytes <= this.#budgetBytes) break;
      this.delete(oldest);
    }
  }

  delete(hash: string): void {
    const page = this.#pages.get(hash);
    if (page === undefined) return;
    this.#pages.delete(hash);
    this.#bytes -= page.bytes.length;
  }
}
