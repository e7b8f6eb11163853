import { emit } from "../../events.ts";
import { isMemCubeError } from "../../errors.ts";
import type { Seal } from "../../flow/index.ts";
import { archiveHistory, sealLog } from "../../infrastructure/vault/index.ts";
import { LIMITS } from "../../limits.ts";
import { cubeKey, type CubeRef } from "../../memory/index.ts";
import type { Clock, Signer, Storage } from "../../ports/index.ts";

interface Watched {
  readonly ref: CubeRef;
  seal?: Seal;
  timer?: NodeJS.Timeout;
  work?: Promise<void>;
  /** Commits seen since the last seal by this process. */
  open: number;
}

export interface LogKeeperOptions {
  readonly clock: Clock;
  /** Name of this process among sealers. */
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
  readonly #watched = new Map<string, Watched>();
  #closed = false;

  constructor(storage: Storage, options: LogKeeperOptions) {
    this.#storage = storage;
    this.#options = options;
  }

  /** Notes a commit; sealing happens in the background. */
  note(ref: CubeRef): void {
    if (this.#closed) return;
    const key = cubeKey(ref);
    const watched: Watched = this.#watched.get(key) ?? { ref, open: 0 };
    this.#watched.set(key, watched);
    watched.open++;
    if (watched.open >= LIMITS.sealCommits) void this.#keep(watched);
    else if (watched.timer === undefined) {
      watched.timer = setTimeout(() => void this.#keep(watched), LIMITS.sealDelayMs);
      watched.timer.unref();
    }
  }

  /** Seals a cube's log now. */
  async keep(ref: CubeRef): Promise<void> {
    await this.#keep(this.#watched.get(cubeKey(ref)) ?? { ref, open: 1 });
  }

  /** Stops watching a cube that is gone. */
  forget(ref: CubeRef): void {
    clearTimeout(this.#watched.get(cubeKey(ref))?.timer);
    this.#watched.delete(cubeKey(ref));
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

  async #keep(watched: Watched): Promise<void> {
    clearTimeout(watched.timer);
    watched.timer = undefined;
    watched.work ??= this.#seal(watched)
      .catch((error: unknown) => {
        // The storage was closed or the cube deleted meanwhile: nothing is left to seal.
        const over = ["MEMCUBE_CLOSED", "MEMCUBE_CUBE_NOT_FOUND"] as const;
        if (!over.some((code) => isMemCubeError(error, code))) {
          emit("memcube:error", { where: "seal", error });
        }
      })
      .finally(() => {
        watched.work = undefined;
      });
    await watched.work;
  }

  async #seal(watched: Watched): Promise<void> {
    const { clock, sealer, signer, hotCommits } = this.#options;
    watched.open = 0;
    const seal = await sealLog(this.#storage, watched.ref, {
      clock,
      sealer,
      ...(signer === undefined ? {} : { signer }),
      ...(watched.seal === undefined ? {} : { after: watched.seal }),
    });
    if (seal === undefined) return;
    watched.seal = seal;
    // A whole segment's worth must be waiting, so that segments are few and large.
    if (seal.toSeq < hotCommits + Math.min(hotCommits, LIMITS.segmentCommits)) return;
    await archiveHistory(this.#storage, watched.ref, {
      keepCommits: hotCommits,
      sealedTo: seal.toSeq,
    });
  }
}
