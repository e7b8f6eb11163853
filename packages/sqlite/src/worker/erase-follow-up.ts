import type { Connection } from "./connection.ts";
import { PageFile } from "./scrub/page-file.ts";
import { Scrubber } from "./scrub/scrubber.ts";

/** First and longest pause before something is tried again that others hold up, in milliseconds. */
const PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 500;

/** Time one step may take: other calls wait meanwhile. */
const STEP_MS = 8;

/** How long the process is kept alive for it when somebody else's reading holds it up. */
const PATIENCE_MS = 5_000;

/** How long closing may take for what is left; the rest is done when the file is opened next. */
const CLOSING_MS = 2_000;

/** After looking through a large file it rests so many times as long before it looks again. */
const REST = 4;

type Phase = "empty the log" | "look" | "clear" | "done";

/**
 * What must follow an erasure so that nothing of it is left in the files: the write-ahead log is
 * emptied, as the erased bytes stand in it and, until it is copied, in the file; then copies that SQLite
 * has left on its pages are removed ({@link Scrubber}). Done in short steps when nothing else waits.
 * Another process that reads at the moment holds it up; what a crash or a close interrupts is noted in
 * the file (`chore`) and done when it is opened next.
 */
export class EraseFollowUp {
  readonly #db: Connection;
  readonly #path: string;
  /** RAM keeps nothing, and what can't be written can't be erased. */
  readonly #inFile: boolean;
  readonly #tell: (unfinished: boolean) => void;
  #file: PageFile | undefined;
  #scrubber: Scrubber | undefined;
  #phase: Phase = "done";
  #wantedSince: number | undefined;
  #wantedAgain = false;
  #pauseMs = PAUSE_MS;
  #lookedSince = 0;
  #restUntil = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param tell is told whether something is left that is worth being waited for */
  constructor(
    { db, readOnly }: { readonly db: Connection; readonly readOnly: boolean },
    path: string,
    tell: (unfinished: boolean) => void,
  ) {
    this.#db = db;
    this.#path = path;
    this.#tell = tell;
    this.#inFile = !readOnly && path !== ":memory:";
    if (this.#inFile && db.get("SELECT 1 FROM chore WHERE name = 'scrub'") !== undefined)
      this.#begin();
  }

  /** Something is being erased in the transaction that is open. */
  want(): void {
    if (!this.#inFile) return;
    this.#db.run("INSERT INTO chore (name) VALUES ('scrub') ON CONFLICT DO NOTHING");
    if (this.#wantedSince === undefined) this.#begin();
    else this.#wantedAgain = true;
  }

  /** Whether it has yet to be done and is worth being waited for. */
  get wanted(): boolean {
    return this.#wantedSince !== undefined && performance.now() - this.#wantedSince < PATIENCE_MS;
  }

  /** Goes on once nothing else is waiting. */
  soon(): void {
    if (this.#phase !== "done" && this.#timer === undefined) this.#goOn(0);
  }

  /** Does what can be done before the database is closed. */
  finish(): void {
    clearTimeout(this.#timer);
    const until = performance.now() + CLOSING_MS;
    while (this.wanted && performance.now() < until) {
      if (!this.#step()) return;
    }
  }

  /** After the database was closed. */
  close(): void {
    this.#file?.close();
  }

  #begin(): void {
    this.#wantedSince = performance.now();
    this.#wantedAgain = false;
    this.#phase = "empty the log";
    this.#scrubber = undefined;
  }

  #goOn(pauseMs: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const went = this.#step();
      this.#pauseMs = went ? PAUSE_MS : Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
      const restMs = this.#phase === "look" ? this.#restUntil - performance.now() : 0;
      if (this.#phase !== "done") this.#goOn(Math.max(restMs, went ? 0 : this.#pauseMs));
      this.#tell(this.wanted);
    }, pauseMs);
  }

  /** One step; false when others held it up. */
  #step(): boolean {
    try {
      switch (this.#phase) {
        case "empty the log":
          return this.#emptyLog();
        case "look":
          return this.#look();
        case "clear":
          return this.#clear();
        case "done":
          return true;
      }
    } catch {
      return false; // Held by another process, or no room: it is tried again.
    }
  }

  #emptyLog(): boolean {
    const row = this.#db.get<{ busy: number }>("PRAGMA wal_checkpoint(TRUNCATE)");
    if (row?.busy !== 0) return false;
    if (this.#scrubber === undefined) {
      this.#scrubber = new Scrubber(this.#db, this.#pageFile());
      this.#scrubber.begin();
      this.#phase = "look";
      this.#lookedSince = Math.max(performance.now(), this.#restUntil);
    } else {
      this.#phase = this.#scrubber.isDirty ? "clear" : "look";
    }
    return true;
  }

  #look(): boolean {
    const scrubber = this.#scrubber;
    if (scrubber?.look(performance.now() + STEP_MS) !== true) return true;
    if (scrubber.isDirty) this.#phase = "clear";
    else this.#end();
    return true;
  }

  #clear(): boolean {
    this.#db.execute("BEGIN IMMEDIATE");
    try {
      // INVARIANT: the pages of the file are the newest ones; nobody writes while the lock is held.
      const isComplete = this.#pageFile().isComplete();
      if (isComplete) this.#scrubber?.clear(performance.now() + STEP_MS);
      this.#db.execute("COMMIT");
      return isComplete;
    } catch (error) {
      this.#db.rollBack();
      throw error;
    } finally {
      this.#phase = "empty the log";
    }
  }

  #end(): void {
    const now = performance.now();
    this.#restUntil = now + REST * (now - this.#lookedSince);
    if (this.#wantedAgain) return this.#begin();
    this.#db.run("DELETE FROM chore WHERE name = 'scrub'");
    this.#phase = "done";
    this.#wantedSince = undefined;
    this.#scrubber = undefined;
  }

  #pageFile(): PageFile {
    if (this.#file === undefined) {
      const bytes = this.#db.get<{ page_size: number }>("PRAGMA page_size")?.page_size ?? 0;
      this.#file = new PageFile(this.#path, bytes);
    }
    return this.#file;
  }
}
