import { emit } from "../../events.ts";
import { isMemCubeError } from "../../errors.ts";
import { archiveHistory, sealLog, type KnownSeal } from "../../infrastructure/vault/index.ts";
import { LIMITS } from "../../limits.ts";
import { cubeKey, type CubeRef } from "../../memory/index.ts";
import type { Clock, Signer, Storage } from "../../ports/index.ts";

/** Cubes without open commits of which the last seal stays known. */
const KNOWN_SEALS = 1_000;

/** Doublings of the wait after sealing failed: up to about a minute. */
const MOST_DOUBLINGS = 6;

interface Watched {
  readonly ref: CubeRef;
  readonly stop: AbortController;
  seal?: KnownSeal;
  /** Where the last segment is known to end, in the epoch of `seal`. */
  archivedTo?: number;
  timer?: NodeJS.Timeout;
  work?: Promise<void>;
  /** Commits seen since the last seal by this process. */
  open: number;
  /** Failures to seal in a row. */
  failures: number;
}

export interface LogKeeperOptions {
  readonly clock: Clock;
  /** Name of this process among sealers. No other process has it. */
  readonly sealer: string;
  readonly signer?: Signer;
  /** Commits kept in hot storage. */
  readonly hotCommits: number;
}

/**
 * Keeps the logs this process writes to: seals them every `LIMITS.sealCommits` commits or
 * `LIMITS.sealDelayMs`, and moves old history to the blob store once enough of it is sealed.
 */
export class LogKeeper {
  readonly #storage: Storage;
  readonly #options: LogKeeperOptions;
  /** Oldest use first; bounded by `KNOWN_SEALS` and the cubes with open commits. */
  readonly #watched = new Map<string, Watched>();
  #closed = false;
  #cuts = 0;

  constructor(storage: Storage, options: LogKeeperOptions) {
    this.#storage = storage;
    this.#options = options;
  }

  /** Notes a commit; sealing happens in the background. */
  note(ref: CubeRef): void {
    if (this.#closed) return;
    const key = cubeKey(ref);
    const watched: Watched = this.#watched.get(key) ?? {
      ref,
      stop: new AbortController(),
      open: 0,
      failures: 0,
    };
    this.#watched.delete(key);
    this.#watched.set(key, watched);
    watched.open++;
    if (watched.open >= LIMITS.sealCommits && watched.failures === 0) void this.#keep(watched);
    else this.#arm(watched);
  }

  /** Stops watching a cube that is being deleted; nothing of it is written afterwards. */
  async forget(ref: CubeRef): Promise<void> {
    const watched = this.#watched.get(cubeKey(ref));
    if (watched === undefined) return;
    this.#drop(watched);
    await watched.work;
  }

  /** Seals every log with open commits. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const watched of this.#watched.values()) {
      clearTimeout(watched.timer);
      await watched.work;
      if (watched.open > 0) await this.#keep(watched);
    }
    this.#watched.clear();
  }

  #arm(watched: Watched): void {
    if (this.#closed || watched.stop.signal.aborted || watched.timer !== undefined) return;
    const doublings = Math.min(watched.failures, MOST_DOUBLINGS);
    watched.timer = setTimeout(() => void this.#keep(watched), LIMITS.sealDelayMs * 2 ** doublings);
    watched.timer.unref();
  }

  async #keep(watched: Watched): Promise<void> {
    clearTimeout(watched.timer);
    watched.timer = undefined;
    watched.work ??= this.#work(watched).finally(() => {
      watched.work = undefined;
    });
    await watched.work;
  }

  async #work(watched: Watched): Promise<void> {
    const { open } = watched;
    try {
      watched.open = 0;
      const seal = await this.#seal(watched);
      watched.failures = 0;
      watched.seal = seal;
      if (seal === undefined) watched.open += open;
      else await this.#archive(watched, seal);
    } catch (error) {
      // The storage was closed or the cube deleted meanwhile: nothing is left to seal.
      const over = ["MEMCUBE_CLOSED", "MEMCUBE_CUBE_NOT_FOUND"] as const;
      if (over.some((code) => isMemCubeError(error, code)) || watched.stop.signal.aborted) {
        this.#drop(watched);
        return;
      }
      watched.open += open;
      watched.failures++;
      emit("memcube:error", { where: "seal", error });
    }
    if (watched.open > 0) this.#arm(watched);
    this.#trim();
  }

  async #seal(watched: Watched): Promise<KnownSeal | undefined> {
    const { clock, sealer, signer } = this.#options;
    const before = watched.seal;
    const seal = await sealLog(this.#storage, watched.ref, {
      clock,
      sealer,
      ...(signer === undefined ? {} : { signer }),
      ...(before === undefined ? {} : { after: before }),
    });
    if (seal?.epoch !== before?.epoch) delete watched.archivedTo;
    return seal;
  }

  async #archive(watched: Watched, { seal }: KnownSeal): Promise<void> {
    const { clock, sealer, hotCommits } = this.#options;
    // A whole segment's worth must be waiting, so that segments are few and large.
    const minCommits = Math.min(hotCommits, LIMITS.segmentCommits);
    const isWorth = () => seal.toSeq - (watched.archivedTo ?? 0) >= hotCommits + minCommits;
    if (!isWorth()) return;
    watched.archivedTo ??= (await this.#storage.vault.segments(watched.ref)).at(-1)?.toSeq ?? 0;
    if (!isWorth()) return;
    const made = await archiveHistory(this.#storage, watched.ref, {
      keepCommits: hotCommits,
      sealedTo: seal.toSeq,
      minCommits,
      newCut: () => `${sealer}/${this.#cuts++}`,
      clock,
      signal: watched.stop.signal,
    });
    const last = made.at(-1)?.toSeq;
    if (last === undefined) delete watched.archivedTo;
    else watched.archivedTo = last;
  }

  #drop(watched: Watched): void {
    watched.stop.abort();
    clearTimeout(watched.timer);
    watched.open = 0;
    const key = cubeKey(watched.ref);
    if (this.#watched.get(key) === watched) this.#watched.delete(key);
  }

  #trim(): void {
    let over = this.#watched.size - KNOWN_SEALS;
    for (const watched of this.#watched.values()) {
      if (over <= 0) return;
      if (watched.open > 0 || watched.work !== undefined) continue;
      this.#drop(watched);
      over--;
    }
  }
}
