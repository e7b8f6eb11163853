import { z } from "zod";

import { MemCubeError } from "../../errors.ts";
import type { Page, Position, Retrieval } from "../../flow/index.ts";
import {
  archivedVersion,
  readLog,
  readSegments,
  toMemory,
} from "../../infrastructure/vault/index.ts";
import { LIMITS } from "../../limits.ts";
import { LIVE_STATES, type CubeHeader, type Memory } from "../../memory/index.ts";
import { indexOf, search as searchIndex, versionIndexOf } from "../../operation/operator/index.ts";
import type { StoredVersion } from "../../ports/index.ts";
import type { OpenCube } from "./context.ts";
import { enter } from "./cube-access.ts";
import { seesStored } from "./history.ts";
import {
  idSchema,
  listOptionsSchema,
  parseInput,
  positionSchema,
  searchOptionsSchema,
  type ListOptions,
  type SearchOptions,
} from "./options.ts";
import { permittedNow } from "./permitted-now.ts";
import { assertInLog, positionLost } from "./read-changes.ts";
import { limitOf, present } from "./search.ts";
import { matcher } from "./where.ts";

/**
 * A cube as it was: read only. Each call decides anew, by the cube's lists of today, and sees a memory
 * when the version of then and that of now both permit; what was erased or has expired since is not there.
 */
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
  const { position } = await enter(cube, "memory.read");
  const past = typeof wanted === "number" ? await positionAt(cube, wanted, position.epoch) : wanted;
  await assertInLog(cube, past, position);
  const view = new PastReader(cube, past);
  return {
    position: past,
    get: async (id) => await view.get(id),
    list: async (options) => await view.list(options),
    search: async (query, options) => await view.search(query, options),
  };
}

async function positionAt(cube: OpenCube, at: number, epoch: string): Promise<Position> {
  const { storage } = cube.context;
  const hot = await storage.vault.positionAt(cube.ref, at);
  if (hot !== undefined) return hot;
  const segments = await storage.vault.segments(cube.ref);
  const before = segments.findLast((segment) => segment.toAt <= at);
  let found = before && { epoch, seq: before.toSeq, head: before.head };
  for await (const entry of readLog(storage, cube.ref, before?.toSeq ?? 0)) {
    if (entry.at > at) break;
    found = { epoch, seq: entry.seq, head: entry.head };
  }
  if (found !== undefined) return found;
  throw new MemCubeError("MEMCUBE_POSITION_LOST", "The cube did not exist at that time.", {
    details: { at },
  });
}

/** INVARIANT: holds no content and no decision: each call decides anew and reads what is there now. */
class PastReader {
  readonly #cube: OpenCube;
  readonly #position: Position;

  constructor(cube: OpenCube, position: Position) {
    this.#cube = cube;
    this.#position = position;
  }

  async get(id: string): Promise<Memory | undefined> {
    parseInput(idSchema, id, "id");
    const header = await this.#enter();
    const { context, ref, principals } = this.#cube;
    const { seq } = this.#position;
    const query = { ids: [id], access: { principals }, seq };
    const [hot] = await context.storage.vault.read(ref, query);
    const sees = seesStored(this.#cube, header);
    const stored =
      hot ??
      (await archivedVersion(
        context.storage,
        ref,
        (each) => each.id === id && wasCurrent(each, seq) && sees(each),
        seq,
      ));
    if (stored === undefined || !(await permittedNow(this.#cube, [id])).has(id)) return undefined;
    return toMemory(ref, stored);
  }

  async list(rawOptions: ListOptions = {}): Promise<Page<Memory>> {
    const options = parseInput(listOptionsSchema, rawOptions, "options");
    const { order, limit, cursor, withTotal } = options;
    const newest = order === "newest";
    const fits = matcher(options);
    const rows = (await this.#all(await this.#enter()))
      .map((stored) => ({ ordinal: stored.ordinal, memory: toMemory(this.#cube.ref, stored) }))
      .filter(({ memory }) => matches(memory, options) && (fits?.(memory.payload) ?? true));
    if (newest) rows.reverse();
    const after = cursor === undefined ? undefined : readCursor(cursor);
    const rest = rows.filter(
      ({ ordinal }) => after === undefined || (newest ? ordinal < after : ordinal > after),
    );
    const page = rest.slice(0, limit);
    const last = page.at(-1);
    return {
      items: page.map(({ memory }) => memory),
      ...(last !== undefined && rest.length > limit ? { cursor: String(last.ordinal) } : {}),
      ...(withTotal ? { total: rows.length } : {}),
    };
  }

  async search(query: string, rawOptions: SearchOptions = {}): Promise<Retrieval> {
    const options = parseInput(searchOptionsSchema, rawOptions, "options");
    const { context, ref, principals } = this.#cube;
    const header = await this.#enter();
    const matches = matcher(options);
    const all = (await this.#all(header, options.signal)).filter(
      (stored) => matches?.(toMemory(ref, stored).payload) ?? true,
    );
    const byId = new Map(all.map((stored) => [stored.id, stored]));
    const { types, tags, sessionId, from, to } = options;
    const result = searchIndex(indexOf(ref, all), {
      ref,
      cube: header,
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

  /** @throws MemCubeError `MEMCUBE_POSITION_LOST` when the cube is another one by now or went back */
  async #enter(): Promise<CubeHeader> {
    const { header, position } = await enter(this.#cube, "memory.read");
    const { epoch, seq } = this.#position;
    if (position.epoch !== epoch || position.seq < seq) throw positionLost(this.#position);
    return header;
  }

  /** Every version that was current then and that the caller may see, in creation order. */
  async #all(header: CubeHeader, signal?: AbortSignal): Promise<readonly StoredVersion[]> {
    const { context, ref, principals } = this.#cube;
    const { seq } = this.#position;
    const found = new Map<string, StoredVersion>();
    let cursor: string | undefined;
    do {
      signal?.throwIfAborted();
      const page = await context.storage.vault.list(ref, {
        access: { principals },
        filter: {},
        order: "oldest",
        limit: LIMITS.pageRows,
        seq,
        ...(cursor === undefined ? {} : { cursor }),
      });
      for (const stored of page.items) found.set(stored.id, stored);
      cursor = page.cursor;
    } while (cursor !== undefined);
    const sees = seesStored(this.#cube, header);
    for await (const { versions } of readSegments(context.storage, ref, seq)) {
      signal?.throwIfAborted();
      for (const stored of versions) {
        const there = stored.id !== "@cube" && wasCurrent(stored, seq) && sees(stored);
        if (there && !found.has(stored.id)) found.set(stored.id, stored);
      }
    }
    const permitted = await permittedNow(this.#cube, [...found.keys()]);
    return [...found.values()]
      .filter((stored) => permitted.has(stored.id))
      .sort((a, b) => a.ordinal - b.ordinal);
  }
}

function wasCurrent({ fromSeq, toSeq = Infinity }: StoredVersion, seq: number): boolean {
  return fromSeq <= seq && toSeq > seq;
}

function readCursor(cursor: string): number {
  const ordinal = Number(cursor);
  if (cursor !== "" && Number.isSafeInteger(ordinal)) return ordinal;
  throw new MemCubeError("MEMCUBE_INVALID_INPUT", "Not a cursor of this listing.");
}

/** As the storage filters the present. */
function matches(memory: Memory, options: z.output<typeof listOptionsSchema>): boolean {
  const { header } = memory;
  const { kinds, types, tags, sessionId, from, to } = options;
  const states = options.states ?? LIVE_STATES;
  const listed =
    states.includes(header.state) &&
    (kinds === undefined || kinds.includes(header.kind)) &&
    (types === undefined || types.includes(header.type)) &&
    (tags === undefined || tags.every((tag) => header.tags.includes(tag)));
  if (!listed || (sessionId === undefined && from === undefined && to === undefined)) return listed;
  const index = versionIndexOf(memory);
  return (
    (sessionId === undefined || index.sessionId === sessionId) &&
    (from === undefined || index.at >= from) &&
    (to === undefined || index.at < to)
  );
}
