import type { Connection } from "./connection.ts";

/** First and longest pause before the log is tried again, in milliseconds. */
const PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 500;

/** How long the process is kept alive for it when somebody else's reading holds it up. */
const PATIENCE_MS = 5_000;

/**
 * Empties the write-ahead log after something was erased: until then the erased bytes stand in it, and
 * in the file at their old place. Another process that reads at the moment holds it up; it is then
 * tried again until it succeeds.
 */
export class LogTruncation {
  readonly #db: Connection;
  readonly #tell: (unfinished: boolean) => void;
  #wantedSince: number | undefined;
  #pauseMs = PAUSE_MS;
  #timer: NodeJS.Timeout | undefined;

  constructor(db: Connection, tell: (unfinished: boolean) => void) {
    this.#db = db;
    this.#tell = tell;
  }

  want(): void {
    this.#wantedSince ??= performance.now();
  }

  /** Whether it has yet to be done and is worth being waited for. */
  get wanted(): boolean {
    return this.#wantedSince !== undefined && performance.now() - this.#wantedSince < PATIENCE_MS;
  }

  /** Does it once nothing else is waiting. */
  soon(): void {
    if (this.#wantedSince === undefined || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => this.#try(), 0);
  }

  /** A last try, without a wait. */
  stop(): void {
    clearTimeout(this.#timer);
    if (this.#wantedSince !== undefined) this.#truncate();
  }

  #try(): void {
    this.#timer = undefined;
    if (this.#truncate()) {
      this.#wantedSince = undefined;
      this.#pauseMs = PAUSE_MS;
    } else {
      this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
      this.#timer = setTimeout(() => this.#try(), this.#pauseMs);
    }
    this.#tell(this.wanted);
  }

  /** Whether the log is empty now. */
  #truncate(): boolean {
    try {
      return this.#db.get<{ busy: number }>("PRAGMA wal_checkpoint(TRUNCATE)")?.busy === 0;
    } catch {
      return false; // Held by another process, or no room: it is tried again.
    }
  }
}
