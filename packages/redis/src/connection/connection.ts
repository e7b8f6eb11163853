import type { Keys } from "../keys.ts";
import type { ScriptName } from "../scripts/script.ts";
import type { ServerFacts } from "./server-facts.ts";

/** What a command or a script answers: bulk strings as text, as `Buffer` where they were asked for. */
export type Reply =
  | string
  | number
  | boolean
  | null
  | undefined
  | Buffer
  | readonly Reply[]
  | { readonly [field: string]: Reply }
  | ReadonlyMap<Reply, Reply>;

export type Argument = string | Buffer;

export interface CallOptions {
  /** Bulk strings of the reply come as `Buffer`: for whatever may not be UTF-8. @default false */
  readonly buffers?: boolean;
  /** Instead of the storage's own deadline. */
  readonly timeoutMs?: number;
}

/**
 * One server, cluster, Sentinel group or pool, as the ports of this package see it. Calls made in one
 * turn of the event loop are pipelined by the client. Every error is a `MemCubeError`, mapped in
 * `native-errors.ts` and nowhere else.
 *
 * A call that was sent and got no answer in time raises `MEMCUBE_STORAGE_UNREACHABLE` with
 * `details.outcome` "unknown": it may have happened.
 */
export interface RedisConnection {
  readonly keys: Keys;
  readonly server: ServerFacts;

  /**
   * One command.
   * @param key decides the node in a cluster; `undefined` for a command of no key (any node)
   */
  send(
    key: string | undefined,
    command: readonly Argument[],
    options?: CallOptions,
  ): Promise<Reply>;

  /**
   * One script, atomic. All keys share one hash tag; the first decides the node. Further keys may be
   * made in the script out of those given (same tag). A refusal is a reply whose first element is a
   * word, never an error: an error is a defect or the server's.
   */
  run(
    script: ScriptName,
    keys: readonly [string, ...string[]],
    args: readonly Argument[],
    options?: CallOptions,
  ): Promise<Reply>;

  /** @throws MemCubeError `MEMCUBE_CLOSED` */
  checkOpen(): void;
}
