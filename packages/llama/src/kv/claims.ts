import { hostname } from "node:os";

import {
  ClaimFiles,
  type ClaimPlace,
  type FoundClaim,
  readClaim,
  removeDeadClaim,
} from "./claim-file.ts";

/** A process that has not beaten for so long is dead, or stopped. */
const DEAD_MS = 3_000;
/** A file this old by the clock on the wall was left behind. */
const LEFT_BEHIND_MS = 60_000;
/** Claims of others that are remembered with the time of their last beat. */
const MAX_SEEN = 1_024;

/** Somebody who computes pages that are wanted here, too. */
export interface Rival {
  /** Keys of the pages it will store, the wanted one first. */
  readonly keys: readonly string[];
  /** How many of them are computed. */
  readonly done: number;
  /** Milliseconds that each took; `undefined` while none is computed. */
  readonly pageMs: number | undefined;
  /** Whether it takes its time from the same processors. */
  readonly sameHost: boolean;
  /** Settles when pages were stored or it gave up; another process can't tell us, so left out there. */
  readonly changed?: Promise<void>;
}

/** Pages that are computed here, so that nobody else computes them meanwhile. */
export class Claim {
  readonly #keys: readonly string[];
  readonly #file: ClaimFiles | undefined;
  readonly #onDrop: (keys: readonly string[]) => void;
  #computedPages = 0;
  #storedPages = 0;
  #pageMs: number | undefined;
  #change = Promise.withResolvers<void>();

  /** @param onDrop told of pages that are claimed no longer */
  constructor(
    keys: readonly string[],
    file: ClaimFiles | undefined,
    onDrop: (keys: readonly string[]) => void,
  ) {
    this.#keys = keys;
    this.#file = file;
    this.#onDrop = onDrop;
  }

  /** As one who waits for a page of it sees it. */
  asRival(key: string): Rival {
    const at = this.#keys.indexOf(key);
    return {
      keys: this.#keys.slice(at),
      done: Math.max(0, this.#computedPages - at),
      pageMs: this.#pageMs,
      sameHost: true,
      changed: this.#change.promise,
    };
  }

  /** So many of the pages are computed, each in so many milliseconds. */
  computed(pages: number, pageMs: number): void {
    this.#computedPages = pages;
    this.#pageMs = pageMs;
    this.#file?.computed(pages, pageMs);
  }

  /** So many of the pages are stored. */
  stored(pages: number): void {
    this.#onDrop(this.#keys.slice(this.#storedPages, pages));
    this.#storedPages = pages;
    this.#file?.stored(pages);
    const before = this.#change;
    this.#change = Promise.withResolvers();
    before.resolve();
  }

  /** Settles when other processes can see it. */
  async release(): Promise<void> {
    this.#onDrop(this.#keys.slice(this.#storedPages));
    this.#change.resolve();
    await this.#file?.release();
  }
}

interface LookedAt extends FoundClaim {
  readonly isAlive: boolean;
}

interface Seen {
  readonly id: string;
  readonly beat: number;
  /** By a clock that nobody sets. */
  readonly at: number;
}

/** Which pages are being computed, in this process and in others, so that a prefix is computed once. */
export class Claims {
  readonly #own = new Map<string, Claim>();
  readonly #seen = new Map<string, Seen>();

  /** @returns `undefined` when somebody alive has the first of the pages */
  async take(place: ClaimPlace, keys: readonly string[]): Promise<Claim | undefined> {
    const [first] = keys;
    if (first === undefined || this.#own.has(first)) return undefined;
    const file = await this.#takeFile(place, first, keys);
    if (file === "taken") return undefined;
    if (this.#own.has(first)) {
      await file?.release();
      return undefined;
    }
    const claim = new Claim(keys, file, (dropped) => {
      for (const key of dropped) if (this.#own.get(key) === claim) this.#own.delete(key);
    });
    for (const key of keys) if (!this.#own.has(key)) this.#own.set(key, claim);
    return claim;
  }

  /** Who computes a page; `undefined` when nobody does who is alive. */
  async rival(place: ClaimPlace, key: string): Promise<Rival | undefined> {
    const own = this.#own.get(key);
    if (own !== undefined) return own.asRival(key);
    const found = await this.#look(place, key);
    if (found?.isAlive !== true) return undefined;
    const { keys, done, pageMs, host } = found;
    const at = keys.indexOf(key);
    return {
      keys: keys.slice(at),
      done: Math.max(0, done - at),
      pageMs,
      sameHost: host === hostname(),
    };
  }

  async #takeFile(
    place: ClaimPlace,
    first: string,
    keys: readonly string[],
  ): Promise<ClaimFiles | "taken" | undefined> {
    try {
      const file = await ClaimFiles.take(place, keys);
      if (file !== "taken") return file;
      const found = await this.#look(place, first);
      if (found?.isAlive === true) return file;
      await removeDeadClaim(place, first, found);
      return await ClaimFiles.take(place, keys);
    } catch {
      // No room or no right to write: then other processes are not told.
      return undefined;
    }
  }

  async #look(place: ClaimPlace, key: string): Promise<LookedAt | undefined> {
    const found = await readClaim(place, key).catch(() => undefined);
    if (found === undefined) {
      this.#seen.delete(key);
      return undefined;
    }
    const { id, beat, writtenAt } = found;
    const now = performance.now();
    const seen = this.#seen.get(key);
    const isNew = seen?.id !== id || seen.beat !== beat;
    if (isNew) this.#remember(key, { id, beat, at: now });
    const silentMs = isNew ? 0 : now - seen.at;
    const leftBehind = Date.now() - writtenAt > LEFT_BEHIND_MS;
    return { ...found, isAlive: silentMs <= DEAD_MS && !leftBehind && !isProcessGone(found) };
  }

  #remember(key: string, seen: Seen): void {
    this.#seen.set(key, seen);
    if (this.#seen.size <= MAX_SEEN) return;
    const [oldest] = this.#seen.keys();
    if (oldest !== undefined) this.#seen.delete(oldest);
  }
}

/** What can be known at once on the same computer. A container has a host name of its own. */
export function isProcessGone({ host, pid }: Pick<FoundClaim, "host" | "pid">): boolean {
  if (host !== hostname()) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}
