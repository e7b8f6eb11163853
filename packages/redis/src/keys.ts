import type { CubeRef, ThreadRef } from "@memcube/core";

/**
 * Every key of the storage, in one place. What one script touches shares a hash tag, the part in
 * braces, so that it lies in one slot of a cluster:
 *
 * | family | tag |
 * |---|---|
 * | a cube, all of it | `{c:<tenant>:<cube>}` |
 * | the list of a tenant's cubes | `{l:<tenant>}` |
 * | a thread, all of it | `{t:<tenant>:<owner>:<thread>}` |
 * | the list of an owner's threads | `{o:<tenant>:<owner>}` |
 * | the queue of all tenants | `{q}` |
 * | a topic | `{p:<tenant>:<topic>}` |
 * | blobs of a tenant | `{b:<tenant>}` |
 *
 * Tasks of a commit are written to the cube's own outbox in the commit's script; the vault then calls
 * `TaskQueue.enqueue` and empties the outbox. A crash between leaves them to the next who looks: a
 * task may be queued twice over time, never not at all.
 *
 * Names within a tag are escaped, so that no tenant can spell another one's key; what follows the
 * tag is taken as it is, since Redis ends a tag at its first closing brace.
 */
export interface Keys {
  /** Begins every key: `memcube`. */
  readonly prefix: string;
  /** `name` within the cube; the cube's slot. */
  cube(ref: CubeRef, name: string): string;
  /**
   * Usage counters of a cube: one HASH, fields `<counter><id>` with a counter of
   * {@link USAGE_COUNTERS}. Lies with the cube so that an erasure takes them in the same step.
   */
  cubeUsage(ref: CubeRef): string;
  /** Search document of a memory: under a prefix of its own, for the index; in the cube's slot. */
  cubeDocument(ref: CubeRef, id: string): string;
  /** Tenant and cube as one name. */
  cubeTag(ref: CubeRef): string;
  /** What tells that a cube changed. */
  cubeFeed(ref: CubeRef): string;
  cubeList(tenantId: string, name: string): string;
  thread(ref: ThreadRef, name: string): string;
  threadList(tenantId: string, owner: string, name: string): string;
  queue(name: string): string;
  topic(tenantId: string, topic: string, name: string): string;
  blobs(tenantId: string, name: string): string;
  /** Of the storage as a whole, each in a slot of its own. */
  root(name: string): string;
}

/** @param prefix without braces: they would move the hash tag */
export function keysOf(prefix: string): Keys {
  const key = (tag: string, name: string): string => `${prefix}:{${tag}}:${name}`;
  // Of the last owner: most calls are of one.
  let owner = { tenantId: "", owner: "", tag: ":" };
  const ofOwner = (tenantId: string, name: string): string => {
    if (owner.tenantId !== tenantId || owner.owner !== name)
      owner = { tenantId, owner: name, tag: `${escapeName(tenantId)}:${escapeName(name)}` };
    return owner.tag;
  };
  const ofCube = ({ tenantId, cubeId }: CubeRef): string =>
    `c:${escapeName(tenantId)}:${escapeName(cubeId)}`;
  return {
    prefix,
    cube: (ref, name) => key(ofCube(ref), name),
    cubeUsage: (ref) => key(ofCube(ref), "usage"),
    cubeDocument: (ref, id) => `${prefix}:d:{${ofCube(ref)}}:${id}`,
    cubeTag: ofCube,
    cubeFeed: (ref) => key(ofCube(ref), "feed"),
    cubeList: (tenantId, name) => key(`l:${escapeName(tenantId)}`, name),
    thread: (ref, name) =>
      key(`t:${ofOwner(ref.tenantId, ref.owner)}:${escapeName(ref.threadId)}`, name),
    threadList: (tenantId, name, list) => key(`o:${ofOwner(tenantId, name)}`, list),
    queue: (name) => key("q", name),
    topic: (tenantId, topic, name) => key(`p:${escapeName(tenantId)}:${escapeName(topic)}`, name),
    blobs: (tenantId, name) => key(`b:${escapeName(tenantId)}`, name),
    root: (name) => `${prefix}:${name}`,
  };
}

/** Reads, injections, uses, and when it was last used. */
export const USAGE_COUNTERS = ["r", "i", "u", "a"] as const;

const PLAIN = /^[\w.@-]+$/u;
const OTHER = /[^\w.@-]/gu;

/** Different names, different escapes; nothing but word characters, `.`, `@`, `-` and `%`. */
export function escapeName(name: string): string {
  if (PLAIN.test(name)) return name;
  return name.replace(OTHER, (character) => {
    const point = character.codePointAt(0) ?? 0;
    return `%${point.toString(16)}%`;
  });
}
