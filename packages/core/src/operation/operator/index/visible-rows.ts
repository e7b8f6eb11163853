import { grown } from "./growable.ts";
import { NONE, REMOVED, ROLES, type RowTable } from "./row-table.ts";
import type { SessionLinks } from "./session-links.ts";
import { NEIGHBOUR_CAP, NEIGHBOUR_TENTHS } from "./ranking.ts";

/**
 * What one caller may see of an index at a time: which rows, who is next to whom among them, and the statistics of
 * exactly these rows. Everything a ranking uses comes from here, so a hidden row can't be felt. Kept between queries and
 * brought up to date session by session.
 *
 * INVARIANT: all fields equal those of a fresh index that holds the visible rows only (row numbers apart).
 */
export class VisibleRows {
  /** 1 for a visible row. */
  mask = new Uint8Array(0);
  /** Neighbours among the visible rows of the session. */
  previous = new Int32Array(0);
  next = new Int32Array(0);
  /** Ten times the row's length with its neighbours' share; whole numbers, so that sums do not depend on order. */
  lengthTenths = new Uint32Array(0);
  /** Terms of the visible rows of a session. */
  sessionLength = new Float64Array(0);
  sessionRows = new Int32Array(0);
  /** Visible rows by speaker and by role. */
  speakerRows = new Int32Array(0);
  /** Speakers with visible rows, and rows with a speaker. */
  speakerCount = 0;
  spokenRows = 0;
  roleRows = new Int32Array(ROLES.length);
  rowCount = 0;
  totalLengthTenths = 0;
  sessionCount = 0;
  totalSessionLength = 0;
  /** The view holds for times in [#from, #until): no row of its classes expires within. */
  #from = -Infinity;
  #until = Infinity;
  readonly #now: number;
  readonly #dirty = new Set<number>();
  readonly #permitted: Uint8Array;
  readonly #rows: RowTable;
  readonly #links: SessionLinks;

  constructor(rows: RowTable, links: SessionLinks, permitted: Uint8Array, now: number) {
    this.#rows = rows;
    this.#links = links;
    this.#permitted = permitted;
    this.#reserve();
    this.#now = now;
    for (let row = 0; row < rows.count; row++) this.admit(row);
  }

  get sizeBytes(): number {
    return (
      this.mask.byteLength * 13 + this.sessionLength.byteLength * 2 + this.speakerRows.byteLength
    );
  }

  /** Average length of a visible row, neighbours' share included. */
  get averageLength(): number {
    return this.rowCount === 0 ? 1 : Math.max(1, this.totalLengthTenths / 10 / this.rowCount);
  }

  get averageSessionLength(): number {
    return this.sessionCount === 0 ? 1 : Math.max(1, this.totalSessionLength / this.sessionCount);
  }

  holdsAt(now: number): boolean {
    return now >= this.#from && now < this.#until;
  }

  /** Takes a row in that was added, if it is to be seen in the view's time. */
  admit(row: number): void {
    const { visibility, expiresAt, speaker, role, session } = this.#rows.columns;
    const of = visibility[row] ?? REMOVED;
    this.#reserve();
    if (of === REMOVED || this.#permitted[of] !== 1) return;
    const expiry = expiresAt[row] ?? Infinity;
    if (expiry <= this.#now) {
      this.#from = Math.max(this.#from, expiry);
      return;
    }
    this.#until = Math.min(this.#until, expiry);
    this.mask[row] = 1;
    this.rowCount++;
    this.#count(speaker[row] ?? NONE, role[row] ?? 0, 1);
    const within = session[row] ?? NONE;
    if (within === NONE) this.#measure(row, NONE, NONE);
    else this.#dirty.add(within);
  }

  /** Lets a row go that is about to be removed. */
  dismiss(row: number): void {
    if (this.mask[row] !== 1) return;
    const { speaker, role, session } = this.#rows.columns;
    this.mask[row] = 0;
    this.rowCount--;
    this.#count(speaker[row] ?? NONE, role[row] ?? 0, -1);
    this.totalLengthTenths -= this.lengthTenths[row] ?? 0;
    this.lengthTenths[row] = 0;
    const within = session[row] ?? NONE;
    if (within !== NONE) this.#dirty.add(within);
  }

  /** Brings sessions up to date whose rows changed. */
  refresh(): void {
    for (const session of this.#dirty) this.#refreshSession(session);
    this.#dirty.clear();
  }

  #reserve(): void {
    const { count, columns } = this.#rows;
    if (this.mask.length >= count) return;
    this.mask = grown(this.mask, columns.visibility.length);
    this.previous = grown(this.previous, columns.visibility.length);
    this.next = grown(this.next, columns.visibility.length);
    this.lengthTenths = grown(this.lengthTenths, columns.visibility.length);
  }

  /** Counts a row in (1) or out (-1). */
  #count(speaker: number, role: number, change: 1 | -1): void {
    this.roleRows[role] = (this.roleRows[role] ?? 0) + change;
    if (speaker === NONE) return;
    this.speakerRows = grown(this.speakerRows, speaker + 1);
    const before = this.speakerRows[speaker] ?? 0;
    this.speakerRows[speaker] = before + change;
    this.spokenRows += change;
    if (before === 0) this.speakerCount++;
    if (before + change === 0) this.speakerCount--;
  }

  #refreshSession(session: number): void {
    const { next, length } = this.#rows.columns;
    this.sessionLength = grown(this.sessionLength, session + 1);
    this.sessionRows = grown(this.sessionRows, session + 1);
    if ((this.sessionRows[session] ?? 0) > 0) this.sessionCount--;
    this.totalSessionLength -= this.sessionLength[session] ?? 0;
    let rows = 0;
    let terms = 0;
    let before = NONE;
    for (let row = this.#links.first(session); row !== NONE; row = next[row] ?? NONE) {
      if (this.mask[row] !== 1) continue;
      this.previous[row] = before;
      this.next[row] = NONE;
      if (before !== NONE) this.next[before] = row;
      before = row;
      rows++;
      terms += length[row] ?? 0;
    }
    for (let row = before; row !== NONE; row = this.previous[row] ?? NONE) {
      this.#measure(row, this.previous[row] ?? NONE, this.next[row] ?? NONE);
    }
    this.sessionRows[session] = rows;
    this.sessionLength[session] = terms;
    this.totalSessionLength += terms;
    if (rows > 0) this.sessionCount++;
  }

  #measure(row: number, previous: number, next: number): void {
    const { length } = this.#rows.columns;
    const share = (of: number): number =>
      of === NONE ? 0 : Math.min(NEIGHBOUR_CAP, length[of] ?? 0);
    const beyond = (of: number, links: Int32Array): number =>
      of === NONE ? NONE : (links[of] ?? NONE);
    this.previous[row] = previous;
    this.next[row] = next;
    const tenths =
      10 * (length[row] ?? 0) +
      NEIGHBOUR_TENTHS[0] * (share(previous) + share(next)) +
      NEIGHBOUR_TENTHS[1] *
        (share(beyond(previous, this.previous)) + share(beyond(next, this.next)));
    this.totalLengthTenths += tenths - (this.lengthTenths[row] ?? 0);
    this.lengthTenths[row] = tenths;
  }
}
