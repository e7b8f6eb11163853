/** What was found out about the server when it was connected to. */
export interface ServerFacts {
  /** As it reports: `7.0.15`. Valkey reports the version of Redis it is compatible with. */
  readonly version: string;
  readonly isCluster: boolean;
  /** Scripts run as a function library; otherwise through EVALSHA. */
  readonly functions: boolean;
  /** Has sharded publish and subscribe (7.0). */
  readonly shardedPubSub: boolean;
  /** Has FT.SEARCH with vectors. */
  readonly queryEngine: boolean;
}
