import { channel } from "node:diagnostics_channel";

import {
  type CommitReceipt,
  cubeKey,
  type CubeRef,
  MemCubeError,
  type Position,
  type StoredCube,
} from "@memcube/core";

import type { OpenConnection } from "../connection/open-connection.ts";
import { watchClient } from "../connection/watch-client.ts";
import { readLog } from "../vault/history.ts";
import { readCube } from "../vault/read-cube.ts";
import type { FeedLink } from "./feed-link.ts";
import { FeedLinks } from "./feed-links.ts";

/** Cubes that are followed; the longest unused goes first. Each is a subscription on the server. */
const FOLLOWED = 2_000;

/** Positions remembered to notice a log that went back. */
const REMEMBERED = 10_000;

/** A cube that is asked for twice within this time is followed. */
const SOON_MS = 10_000;

interface Followed {
  readonly channel: string;
  readonly link: FeedLink;
  /** Counts messages, so that a read that began before one is not kept. */
  heard: number;
  stored: StoredCube | undefined;
}

/** Where a cube was last seen, and whether messages about it may have been missed since. */
interface Seen {
  position: Position;
  isCertain: boolean;
}

/**
 * What a process knows of cubes without asking. A cube that is asked for again and again is followed:
 * its commits publish where it stands, and while the link's lease holds, what was heard counts. See
 * `docs/decisions/2026-11-20-redis-change-feed.md` for why nobody sees what was taken from them.
 */
export class CubeFeed {
  readonly #connection: OpenConnection;
  readonly #links: FeedLinks;
  readonly #unwatch: () => void;
  readonly #leaseMs: number;
  readonly #followed = new Map<string, Followed>();
  readonly #starting = new Set<string>();
  readonly #askedAt = new Map<string, number>();
  readonly #seen = new Map<string, Seen>();
  readonly #renewals = new Map<string, Promise<StoredCube | undefined>>();

  constructor(connection: OpenConnection, leaseMs: number) {
    this.#connection = connection;
    this.#leaseMs = leaseMs;
    this.#links = new FeedLinks(connection, { leaseMs, onLost: (link) => this.#drop(link) });
    // What is on the other side of a new connection may be another server.
    this.#unwatch = watchClient(connection.client, () => this.#doubt());
  }

  /** The cube: from here while the lease holds, else from the server. */
  async cube(ref: CubeRef): Promise<StoredCube | undefined> {
    this.#connection.checkOpen();
    const key = cubeKey(ref);
    const now = performance.now();
    const followed = this.#followed.get(key);
    if (followed?.link.isFresh(now) === true && followed.stored !== undefined) {
      return followed.stored;
    }
    const heard = followed?.heard;
    const stored = await readCube(this.#connection, ref);
    const current = await this.#checked(ref, key, stored);
    if (followed !== undefined && followed.heard === heard) {
      followed.stored = current;
      touch(this.#followed, key, followed);
    } else if (followed === undefined) {
      this.#considerFollowing(ref, key, now);
    }
    return current;
  }

  /** Takes in a commit of this process; one that wrote the header is asked for anew. */
  committed(ref: CubeRef, { position, at }: CommitReceipt, wroteHeader: boolean): void {
    const key = cubeKey(ref);
    this.#remember(key, position);
    const followed = this.#followed.get(key);
    if (followed === undefined) return;
    followed.heard += 1;
    const { stored } = followed;
    if (stored === undefined || wroteHeader || stored.position.epoch !== position.epoch) {
      followed.stored = undefined;
    } else if (stored.position.seq < position.seq) {
      followed.stored = { ...stored, position, at };
    }
  }

  /** Forgets a cube after a conflict, a refusal or a drop: what is known of it may be old. */
  invalidate(ref: CubeRef): void {
    const followed = this.#followed.get(cubeKey(ref));
    if (followed === undefined) return;
    followed.heard += 1;
    followed.stored = undefined;
  }

  /** How many of those who hear of a cube are here. */
  listenersHere(ref: CubeRef): number {
    return this.#followed.has(cubeKey(ref)) ? 1 : 0;
  }

  /** Waits until nobody else can hold what was known before: as long as a lease lasts. */
  async untilOthersForgot(): Promise<void> {
    await new Promise((done) => setTimeout(done, this.#leaseMs));
  }

  async close(): Promise<void> {
    this.#unwatch();
    this.#followed.clear();
    await this.#links.close();
  }

  #considerFollowing(ref: CubeRef, key: string, now: number): void {
    const before = this.#askedAt.get(key);
    this.#askedAt.delete(key);
    this.#askedAt.set(key, now);
    trim(this.#askedAt, REMEMBERED);
    if (before === undefined || now - before > SOON_MS || !this.#links.isPossible) return;
    if (this.#starting.has(key)) return;
    this.#starting.add(key);
    this.#follow(ref, key)
      // Not followed, so asked each time.
      .catch(() => {})
      .finally(() => this.#starting.delete(key));
  }

  async #follow(ref: CubeRef, key: string): Promise<void> {
    const name = this.#connection.keys.cubeFeed(ref);
    const link = await this.#links.linkFor(name);
    if (link === undefined) return;
    const followed: Followed = { channel: name, link, heard: 0, stored: undefined };
    await link.subscribe(name, (message) => this.#hear(key, followed, message));
    if (link.isLost) return;
    this.#followed.set(key, followed);
    const oldest = trim(this.#followed, FOLLOWED);
    if (oldest !== undefined) oldest.link.unsubscribe(oldest.channel);
    link.isFresh(performance.now());
  }

  #hear(key: string, followed: Followed, message: string): void {
    followed.heard += 1;
    const { stored } = followed;
    const [epoch, seq, head, at, version] = message.split("\n");
    const known = stored !== undefined && version !== undefined && head !== undefined;
    const fits = known && epoch === stored.position.epoch && Number(version) === stored.version;
    if (!fits) {
      followed.stored = undefined;
      return;
    }
    const position = { epoch, seq: Number(seq), head };
    if (position.seq <= stored.position.seq) {
      // Our own commit was taken in before its message; anything else is read again.
      if (position.head !== stored.position.head) followed.stored = undefined;
      return;
    }
    followed.stored = { ...stored, position, at: Number(at) };
    this.#remember(key, position);
  }

  #drop(link: FeedLink): void {
    for (const [key, followed] of this.#followed) {
      if (followed.link === link) this.#followed.delete(key);
    }
    this.#doubt();
  }

  #doubt(): void {
    for (const seen of this.#seen.values()) seen.isCertain = false;
  }

  #remember(key: string, position: Position): void {
    this.#seen.delete(key);
    this.#seen.set(key, { position, isCertain: true });
    trim(this.#seen, REMEMBERED);
  }

  /**
   * Compares what was read with where the cube was seen last. A log that went back (a failover that
   * lost commits) gets a new epoch, so that whatever was derived from the lost ones is built anew.
   */
  async #checked(
    ref: CubeRef,
    key: string,
    stored: StoredCube | undefined,
  ): Promise<StoredCube | undefined> {
    const seen = this.#seen.get(key);
    if (stored === undefined) {
      this.#seen.delete(key);
      return undefined;
    }
    const { position } = stored;
    if (seen === undefined || seen.position.epoch !== position.epoch) {
      this.#remember(key, position);
      return stored;
    }
    if (!(await this.#wentBack(ref, seen, position))) {
      if (position.seq >= seen.position.seq) this.#remember(key, position);
      return stored;
    }
    const renewal = this.#renewals.get(key) ?? this.#renew(ref, key, seen.position, position);
    this.#renewals.set(key, renewal);
    return await renewal.finally(() => this.#renewals.delete(key));
  }

  /** Says that the log went back and gives it a new epoch: once, however many calls noticed it. */
  async #renew(
    ref: CubeRef,
    key: string,
    lost: Position,
    position: Position,
  ): Promise<StoredCube | undefined> {
    this.#seen.delete(key);
    channel("memcube:error").publish({
      where: "redis.feed",
      error: new MemCubeError(
        "MEMCUBE_POSITION_LOST",
        "The log of a cube went back: a failover lost commits that were acknowledged.",
        { details: { ...ref, seen: lost.seq, found: position.seq } },
      ),
    });
    const meta = this.#connection.keys.cube(ref, "meta");
    const feed = this.#connection.keys.cubeFeed(ref);
    const publish = this.#connection.server.shardedPubSub ? "SPUBLISH" : "PUBLISH";
    const epoch = `${position.epoch.slice(0, 200)}+${position.seq}.${position.head.slice(0, 12)}`;
    await this.#connection.run("renew-epoch", [meta, feed], [position.epoch, epoch, publish]);
    const again = await readCube(this.#connection, ref);
    if (again !== undefined) this.#remember(key, again.position);
    return again;
  }

  async #wentBack(ref: CubeRef, seen: Seen, now: Position): Promise<boolean> {
    const { seq, head } = seen.position;
    if (now.seq === seq) return now.head !== head;
    if (now.seq < seq) {
      // Answers may overtake each other: what counts is where the log is now.
      const [entry] = await readLog(this.#connection, ref, { afterSeq: seq - 1, limit: 1 });
      return entry === undefined ? await this.#isShorter(ref, seen.position) : entry.head !== head;
    }
    if (seen.isCertain) return false;
    const [entry] = await readLog(this.#connection, ref, { afterSeq: seq - 1, limit: 1 });
    return entry?.seq === seq && entry.head !== head;
  }

  async #isShorter(ref: CubeRef, seen: Position): Promise<boolean> {
    const now = await readCube(this.#connection, ref);
    return now !== undefined && now.position.epoch === seen.epoch && now.position.seq < seen.seq;
  }
}

function touch<Value>(map: Map<string, Value>, key: string, value: Value): void {
  if (!map.has(key)) return;
  map.delete(key);
  map.set(key, value);
}

/** Takes the longest unused out of a map that is too large. */
function trim<Value>(map: Map<string, Value>, limit: number): Value | undefined {
  if (map.size <= limit) return undefined;
  const oldest = map.entries().next();
  if (oldest.done === true) return undefined;
  map.delete(oldest.value[0]);
  return oldest.value[1];
}
