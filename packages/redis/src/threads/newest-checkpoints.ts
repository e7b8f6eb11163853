import type { StoredCheckpoint } from "@memcube/core";

import type { RedisConnection } from "../connection/connection.ts";
import { escapePart } from "../members.ts";
import { bytesOf, listOf, textOf } from "../replies.ts";
import { unpackRecord } from "./packed-record.ts";
import { lacksBody, unpackCheckpoint } from "./packed-thread.ts";

/** Ids remembered: some megabyte. */
const IDS = 10_000;

/** Which checkpoint a read is for. */
interface Place {
  readonly namespace: string;
  /** Left out: the newest. */
  readonly id?: string;
  readonly now: number;
}

/**
 * Reads checkpoints by one plain HMGET where that is enough: no chunks are wanted, the id is given or this
 * process may guess it, and the checkpoint is among what was written last and has no pending writes. A
 * script of two looks takes longer than the rest of the way there and back.
 */
export class NewestCheckpoints {
  readonly #connection: RedisConnection;
  /** By thread and namespace, ids of checkpoints without pending writes. */
  readonly #ids = new Map<string, string>();

  constructor(connection: RedisConnection) {
    this.#connection = connection;
  }

  /**
   * @param recent the thread's key of that name
   * @returns the checkpoint, `undefined` where there is none, or "unsure": then a script must look
   */
  async read(
    recent: string,
    { namespace, id, now }: Place,
  ): Promise<StoredCheckpoint | "unsure" | undefined> {
    const guess = id ?? this.#ids.get(nameOf(recent, namespace));
    if (guess === undefined) return "unsure";
    const [space, escaped] = [escapePart(namespace), escapePart(guess)];
    const place = `${space}\0${escaped}`;
    const command = ["HMGET", recent, "m", `n${space}`, `c${place}`, `i${place}`];
    const reply = await this.#connection.send(recent, command, { buffers: true });
    const [record, newest, value, writes] = listOf(reply);
    if (isNothing(record)) return undefined;
    const { expiresAt = Infinity, paged } = unpackRecord(bytesOf(record));
    if (expiresAt <= now) return undefined;
    if (id === undefined && (isNothing(newest) || textOf(newest) !== escaped)) return "unsure";
    if (isNothing(value) || !isNothing(writes) || paged > 1) return "unsure";
    const entry = bytesOf(value);
    if (lacksBody(entry)) return "unsure";
    return { checkpoint: unpackCheckpoint({ namespace, id: guess }, entry), writes: [] };
  }

  /** A checkpoint was put or read; whether it has pending writes. */
  learn(
    recent: string,
    { namespace, id }: { readonly namespace: string; readonly id: string },
    hasWrites: boolean,
  ): void {
    const name = nameOf(recent, namespace);
    if (hasWrites) {
      if (this.#ids.get(name) === id) this.#ids.delete(name);
      return;
    }
    this.#ids.set(name, id);
    for (const oldest of this.#ids.keys()) {
      if (this.#ids.size <= IDS) return;
      this.#ids.delete(oldest);
    }
  }
}

function nameOf(recent: string, namespace: string): string {
  return `${recent}\0${namespace}`;
}

function isNothing(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}
