/** Which server the rules are for. */
export interface AclOptions {
  /** As the storage has it. @default "memcube" */
  readonly prefix?: string;
  /** Functions (Redis 7.0, Valkey); without them scripts go through EVALSHA. @default true */
  readonly functions?: boolean;
  /** A cluster: slots and sharded publish and subscribe. @default false */
  readonly cluster?: boolean;
  /** Redis 8, Redis Stack: candidates from the query engine. @default false */
  readonly queryEngine?: boolean;
}

/** What scripts and ports call. */
const DATA =
  "exists get hdel hexists hget hgetall hincrby hkeys hlen hmget hset hsetnx hstrlen lindex lrange " +
  "rename rpush set time unlink xadd xrange xtrim zadd zcard zcount zmscore zrange zrangebylex " +
  "zrangebyscore zrem zrevrange zrevrangebylex zrevrangebyscore zrevrank zscore";

const CONNECTION = "auth hello ping wait publish subscribe unsubscribe";
const FUNCTIONS = "fcall function|load";
const SCRIPTS = "eval evalsha";
const CLUSTER =
  "cluster|slots cluster|shards cluster|myid readonly spublish ssubscribe sunsubscribe";
const QUERY_ENGINE =
  "ft.create ft.search ft.info ft._list ft.aliasupdate ft.dropindex command|info";

/**
 * Rules for `ACL SETUSER` of a user that can do what the storage does and nothing else: no
 * administration, no other keys. INFO, CONFIG and COMMAND are not among them: where they are allowed
 * besides (`+info +config|get +command|info`) the storage knows more of the server.
 *
 * Rules of the conformance suite are run as this user.
 */
export function aclRules(options: AclOptions = {}): readonly string[] {
  const { prefix = "memcube", functions = true, cluster = false, queryEngine = false } = options;
  const commands = [
    DATA,
    CONNECTION,
    functions ? FUNCTIONS : SCRIPTS,
    cluster ? CLUSTER : "",
    queryEngine ? QUERY_ENGINE : "",
  ].flatMap((words) => words.split(" ").filter((word) => word !== ""));
  return [
    "resetkeys",
    `~${prefix}:*`,
    "resetchannels",
    `&${prefix}:*`,
    "-@all",
    ...commands.map((command) => `+${command}`),
  ];
}
