import type { NativeClient } from "../connection/native-client.ts";

/** What of a node-redis client a link uses. It never connects again by itself: see {@link FeedLink}. */
export interface SubscriberClient extends NativeClient {
  sendCommand(args: readonly string[]): Promise<unknown>;
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
  sSubscribe(channel: string, listener: (message: string) => void): Promise<unknown>;
  sUnsubscribe(channel: string): Promise<unknown>;
}

/** Beats in the time of one lease: one may come late. */
const BEATS = 3;

/** Beats go on for so many leases after the last question; then a process costs the server nothing. */
const IDLE_LEASES = 8;

/**
 * One connection that hears what is published on one server.
 *
 * INVARIANT: what was published before a PING of this connection was answered has been heard when the
 * answer is here: server and client keep the order of one connection. So `now < leaseUntil` means that
 * nothing older than `leaseMs` is unheard. A connection that was lost is never mended, as messages
 * would be missing from it without a trace.
 */
export class FeedLink {
  readonly #client: SubscriberClient;
  readonly #leaseMs: number;
  readonly #sharded: boolean;
  #leaseUntil = 0;
  #askedAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #isLost = false;

  private constructor(client: SubscriberClient, leaseMs: number, sharded: boolean) {
    this.#client = client;
    this.#leaseMs = leaseMs;
    this.#sharded = sharded;
  }

  /** @param onLost is called once, when nothing more will be heard */
  static async open(options: {
    readonly client: SubscriberClient;
    readonly leaseMs: number;
    readonly sharded: boolean;
    readonly onLost: () => void;
  }): Promise<FeedLink> {
    const { client, leaseMs, sharded, onLost } = options;
    const link = new FeedLink(client, leaseMs, sharded);
    const lost = (): void => {
      if (link.#isLost) return;
      link.#isLost = true;
      clearTimeout(link.#timer);
      if (client.isOpen) client.destroy();
      onLost();
    };
    for (const event of ["error", "end", "reconnecting", "sharded-channel-moved"])
      client.on(event, lost);
    await client.connect();
    return link;
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  /** Whether all that was published until `leaseMs` ago has been heard. Keeps the beats going. */
  isFresh(now: number): boolean {
    this.#askedAt = now;
    if (this.#timer === undefined && !this.#isLost) this.#beat();
    return !this.#isLost && now < this.#leaseUntil;
  }

  async subscribe(channel: string, listener: (message: string) => void): Promise<void> {
    if (this.#sharded) await this.#client.sSubscribe(channel, listener);
    else await this.#client.subscribe(channel, listener);
  }

  unsubscribe(channel: string): void {
    if (this.#isLost) return;
    const done = this.#sharded
      ? this.#client.sUnsubscribe(channel)
      : this.#client.unsubscribe(channel);
    // A connection that is going away hears nothing anyhow.
    done.catch(() => {});
  }

  close(): void {
    this.#isLost = true;
    clearTimeout(this.#timer);
    if (this.#client.isOpen) this.#client.destroy();
  }

  #beat(): void {
    const sentAt = performance.now();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const idle = performance.now() - this.#askedAt > IDLE_LEASES * this.#leaseMs;
      if (!idle && !this.#isLost) this.#beat();
    }, this.#leaseMs / BEATS);
    this.#timer.unref();
    this.#client.sendCommand(["PING"]).then(
      () => {
        this.#leaseUntil = Math.max(this.#leaseUntil, sentAt + this.#leaseMs);
      },
      // The connection says itself that it is lost.
      () => {},
    );
  }
}
