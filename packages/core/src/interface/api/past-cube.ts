import { z } from "zod";

import { MemCubeError } from "../../errors.ts";
import type { Page, Position, Retrieval } from "../../flow/index.ts";
import { readLog, readSegment, toMemory } from "../../infrastructure/vault/index.ts";
import { LIMITS } from "../../limits.ts";
import {
  LIVE_STATES,
  seesClass,
  visibilityFromKey,
  type CubeHeader,
  type Memory,
} from "../../memory/index.ts";
import { indexOf, search as searchIndex } from "../../operation/operator/index.ts";
import type { StoredVersion } from "../../ports/index.ts";
import type { OpenCube } from "./context.ts";
import { enter } from "./cube-access.ts";
import {
  listOptionsSchema,
  parseInput,
  positionSchema,
  searchOptionsSchema,
  type ListOptions,
  type SearchOptions,
} from "./options.ts";
import { assertInLog } from "./read-changes.ts";
import { limitOf, present } from "./search.ts";

/** A cube as it was: read only. Who may see what is decided by the cube's lists of today. */
export interface PastCube {
  readonly position: Position;
  get(id: string): Promise<Memory | undefined>;
  /** Memories in creation order, a page at a time. */
  list(options?: ListOptions): Promise<Page<Memory>>;
  search(query: string, options?: SearchOptions): Promise<Retrieval>;
}

const whenSchema = z.union([
  positionSchema,
  z.date().transform((date) => date.getTime()),
  z.int().min(0),
]);

/**
 * The cube at a position, or at a time (the last commit not younger). Erased memories are not there
 * either; later versions and later memories are not seen.
 *
 * @throws MemCubeError `MEMCUBE_POSITION_LOST` when the log has no such position or the cube is younger
 */
export async function pastCube(cube: OpenCube, when: Position | Date | number): Promise<PastCube> {
  const wanted = parseInput(whenSchema, when, "position");
  const { header, position } = await enter(cube, "memory.read");
  const past = typeof wanted === "number" ? await positionAt(cube, wanted, position.epoch) : wanted;
  await assertInLog(cube, past, position);
  const view = new PastReader(cube, header, past);
  return {
    position: past,
    get: async (id) => await view.get(id),
    list: async (options) => await view.list(options),
    search: async (query, options) => await view.search(query, options),
  };
}

async function positionAt(cube: OpenCube, at: number, epoch: string): Promise<Position> {
  const { vault, blobs } = cube.context.storage;
  const hot = await vault.positionAt(cube.ref, at);
  if (hot !== undefined) return hot;
  let found: Position | undefined;
  for await (const entry of readLog(vault, blobs, cube.ref, 0)) {
    if (entry.at > at) break;
    found = { epoch, seq: entry.seq, head: entry.head };
  }
  if (found !== undefined) return found;
  throw new MemCubeError("MEMCUBE_POSITION_LOST", "The cube did not exist at that time.", {
    details: { at },
  });
}

class PastReader {
  readonly #cube: OpenCube;
  readonly #header: CubeHeader;
  readonly #position: Position;
  #versions: Promise<readonly StoredVersion[]> | undefined;

  constructor(cube: OpenCube, header: CubeHeader, position: Position) {
    this.#cube = cube;
    this.#header = header;
    this.#position = position;
  }

  async get(id: string): Promise<Memory | undefined> {
    const found = (await this.#all()).find((stored) => stored.id === id);
    return found === undefined ? undefined : toMemory(this.#cube.ref, found);
  }

  async list(rawOptions: ListOptions = {}): Promise<Page<Memory>> {
    const options = parseInput(listOptionsSchema, rawOptions, "options");
    const { ref } = this.#cube;
    const memories = (await this.#all())
      .map((stored) => toMemory(ref, stored))
      .filter((memory) => matches(memory, options));
    if (options.order === "newest") memories.reverse();
    const start = Number(options.cursor ?? 0);
    const end = start + options.limit;
    return {
      items: memories.slice(start, end),
      ...(end < memories.length ? { cursor: String(end) } : {}),
      ...(options.withTotal ? { total: memories.length } : {}),
    };
  }

  async search(query: string, rawOptions: SearchOptions = {}): Promise<Retrieval> {
    const options = parseInput(searchOptionsSchema, rawOptions, "options");
    const { context, ref, principals } = this.#cube;
    const all = await this.#all();
    const byId = new Map(all.map((stored) => [stored.id, stored]));
    const { types, tags, sessionId, from, to } = options;
    const result = searchIndex(indexOf(ref, all), {
      ref,
      cube: this.#header,
      position: this.#position,
      principals,
      text: query,
      limit: limitOf(options),
      filter: { types, tags, sessionId, from, to },
      now: context.clock.now(),
    });
    const hits = result.hits.flatMap(({ id, score, why }) => {
      const stored = byId.get(id);
      return stored === undefined ? [] : [{ memory: toMemory(ref, stored), score, why }];
    });
    const positions = { [ref.cubeId]: this.#position };
    return present(context, query, { hits, confidence: result.confidence }, positions, options);
  }

  /** Every version that was current then and that the caller may see, in creation order. */
  #all(): Promise<readonly StoredVersion[]> {
    this.#versions ??= this.#read();
    return this.#versions;
  }

  async #read(): Promise<readonly StoredVersion[]> {
    const { context, ref, principals } = this.#cube;
    const { vault, blobs } = context.storage;
    const { seq } = this.#position;
    const found: StoredVersion[] = [];
    let cursor: string | undefined;
    do {
      const query = {
        access: { principals },
        filter: {},
        order: "oldest",
        limit: LIMITS.pageRows,
        seq,
      } as const;
      const page = await vault.list(ref, cursor === undefined ? query : { ...query, cursor });
      found.push(...page.items);
      cursor = page.cursor;
    } while (cursor !== undefined);
    const set = new Set<string>(principals);
    const hot = new Set(found.map((stored) => stored.id));
    for (const segment of await vault.segments(ref)) {
      if (segment.toSeq <= seq) continue;
      for (const stored of (await readSegment(blobs, ref, segment)).versions) {
        const current = stored.fromSeq <= seq && (stored.toSeq ?? Infinity) > seq;
        const visible = seesClass(set, visibilityFromKey(stored.visibility), this.#header);
        if (current && visible && stored.id !== "@cube" && !hot.has(stored.id)) found.push(stored);
      }
    }
    return found.sort((a, b) => a.ordinal - b.ordinal);
  }
}

function matches(memory: Memory, options: z.output<typeof listOptionsSchema>): boolean {
  const { header, payload } = memory;
  const { kinds, types, tags, sessionId, from, to } = options;
  const states = options.states ?? LIVE_STATES;
  const at = header.sources[0]?.at ?? header.createdAt;
  const session = payload.type === "turn" ? payload.sessionId : header.sources[0]?.sessionId;
  return (
    states.includes(header.state) &&
    (kinds === undefined || kinds.includes(header.kind)) &&
    (types === undefined || types.includes(header.type)) &&
    (tags === undefined || tags.every((tag) => header.tags.includes(tag))) &&
    (sessionId === undefined || session === sessionId) &&
    (from === undefined || at >= from) &&
    (to === undefined || at < to)
  );
}
