import { masterOf } from "../connection/master-of.ts";
import type { OpenConnection } from "../connection/open-connection.ts";
import { FeedLink, type SubscriberClient } from "./feed-link.ts";

/** How long after a link was lost, or could not be made, the next try may come. */
const RETRY_MS = 1_000;

interface Duplicable {
  readonly options?: { readonly socket?: object };
  duplicate(overrides: object): SubscriberClient;
}

interface Cluster {
  nodeClient(node: object): Promise<Duplicable> | Duplicable;
}

interface Pool {
  execute<T>(work: (client: Duplicable) => T): Promise<T>;
}

/** The links of a process: one for each master whose cubes are followed. */
export class FeedLinks {
  readonly #connection: OpenConnection;
  readonly #leaseMs: number;
  readonly #onLost: (link: FeedLink) => void;
  readonly #links = new Map<object, Promise<FeedLink>>();
  #retryAt = 0;
  #closed = false;

  constructor(
    connection: OpenConnection,
    options: { readonly leaseMs: number; readonly onLost: (link: FeedLink) => void },
  ) {
    this.#connection = connection;
    this.#leaseMs = options.leaseMs;
    this.#onLost = options.onLost;
  }

  /**
   * Whether this kind of connection can be followed. Sentinel clients hide their connections, and in
   * a cluster before 7.0 nobody can tell how many hear of a change.
   */
  get isPossible(): boolean {
    const { kind, server } = this.#connection;
    return this.#leaseMs > 0 && kind !== "sentinel" && (kind !== "cluster" || server.shardedPubSub);
  }

  /** The link that hears of a channel; `undefined` while there is none to be had. */
  async linkFor(channel: string): Promise<FeedLink | undefined> {
    const place = this.#placeOf(channel);
    const known = this.#links.get(place);
    if (known !== undefined) return known.catch(() => undefined);
    if (this.#closed || performance.now() < this.#retryAt) return undefined;
    const opening = this.#open(place);
    this.#links.set(place, opening);
    try {
      return await opening;
    } catch {
      // Without a link every question is asked of the server: slower, not wrong.
      this.#forget(place);
      return undefined;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    const links = await Promise.allSettled(this.#links.values());
    for (const link of links) if (link.status === "fulfilled") link.value.close();
    this.#links.clear();
  }

  #forget(place: object): void {
    this.#links.delete(place);
    this.#retryAt = performance.now() + RETRY_MS;
  }

  #placeOf(channel: string): object {
    return masterOf(this.#connection, channel) ?? this.#connection;
  }

  async #open(place: object): Promise<FeedLink> {
    const sharded = this.#connection.server.shardedPubSub;
    const client = await this.#duplicate(place);
    const opened: { link?: FeedLink } = {};
    const link = await FeedLink.open({
      client,
      leaseMs: this.#leaseMs,
      sharded,
      onLost: () => {
        this.#forget(place);
        if (opened.link !== undefined) this.#onLost(opened.link);
      },
    });
    opened.link = link;
    if (this.#closed) link.close();
    return link;
  }

  async #duplicate(place: object): Promise<SubscriberClient> {
    const { client, kind } = this.#connection;
    if (kind === "cluster") {
      return toSubscriber(await (client as unknown as Cluster).nodeClient(place));
    }
    if (kind === "pool") return (client as unknown as Pool).execute(toSubscriber);
    return toSubscriber(client as unknown as Duplicable);
  }
}

/** A connection of its own to the same server: protocol 3, as it pings while it listens. */
function toSubscriber(client: Duplicable): SubscriberClient {
  return client.duplicate({
    RESP: 3,
    clientSideCache: undefined,
    commandOptions: undefined,
    pingInterval: undefined,
    socket: { ...client.options?.socket, socketTimeout: undefined, reconnectStrategy: false },
  });
}
