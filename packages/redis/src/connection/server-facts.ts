/** What was found out about the server when it was connected to; `undefined`: it did not say. */
export interface ServerFacts {
  /** As it reports: `7.0.15`. Valkey reports the version of Redis it is compatible with. */
  readonly version: string;
  readonly isCluster: boolean;
  /** Scripts run as a function library; otherwise through EVALSHA. */
  readonly functions: boolean;
  /** Changes are published in shards (a cluster of 7.0 or later). */
  readonly shardedPubSub: boolean;
  /** Has FT.SEARCH with vectors. */
  readonly queryEngine: boolean;
  /** What a write survives as the server is configured. */
  readonly durability: "power" | "process" | "none" | undefined;
  /** What happens when `maxmemory` is reached: `noeviction`, `allkeys-lru`, ... */
  readonly evictionPolicy: string | undefined;
}
