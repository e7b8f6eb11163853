import type { IndexTables } from "./tables.ts";
import { VisibleRows } from "./visible-rows.ts";

/** Callers of a cube fall into few groups with the same permissions; a view takes 13 bytes a row. */
const MAX_VIEWS = 4;

/** The views of the groups of callers that asked last. */
export class VisibleRowsCache {
  readonly #tables: IndexTables;
  /** By the permitted classes; in order of use, the least recent first. */
  readonly #views = new Map<string, VisibleRows>();

  constructor(tables: IndexTables) {
    this.#tables = tables;
  }

  get sizeBytes(): number {
    let sum = 0;
    for (const view of this.#views.values()) sum += view.sizeBytes;
    return sum;
  }

  /** What a caller with these permissions sees at `now`. */
  view(permits: (visibility: string) => boolean, now: number): VisibleRows {
    const { names } = this.#tables.visibilities;
    const permitted = new Uint8Array(names.length);
    let key = "";
    for (const [number, name] of names.entries()) {
      const may = name !== null && permits(name);
      permitted[number] = may ? 1 : 0;
      key += may ? "1" : "0";
    }
    let view = this.#views.get(key);
    if (view === undefined || !view.holdsAt(now)) {
      view = new VisibleRows(this.#tables.rows, this.#tables.links, permitted, now);
    }
    this.#views.delete(key);
    this.#views.set(key, view);
    const [oldest] = this.#views.keys();
    if (this.#views.size > MAX_VIEWS && oldest !== undefined) this.#views.delete(oldest);
    view.refresh();
    return view;
  }

  added(row: number): void {
    for (const [key, view] of this.#views) {
      // A view made before a class existed knows nothing of it, and its key no longer matches any caller.
      if (key.length !== this.#tables.visibilities.names.length) this.#views.delete(key);
      else view.admit(row);
    }
  }

  removing(row: number): void {
    for (const view of this.#views.values()) view.dismiss(row);
  }

  clear(): void {
    this.#views.clear();
  }
}
