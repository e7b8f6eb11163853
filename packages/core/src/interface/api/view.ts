import { refKey, refOf, type Hit, type Retrieval } from "../../flow/index.ts";
import { MemCubeError } from "../../errors.ts";
import { LIMITS } from "../../limits.ts";
import { embedQuery } from "../../operation/operator/index.ts";
import type { Rejection } from "../reader/index.ts";
import { addRead, read, type AddResult } from "./add.ts";
import type { OpenCube } from "./context.ts";
import {
  addOptionsSchema,
  parseInput,
  searchOptionsSchema,
  type AddOptions,
  type SearchOptions,
} from "./options.ts";
import { enterAndSearch, limitOf, present } from "./search.ts";

/** What became of a write to several cubes: each cube's result or error, by cube id. */
export interface ViewAddResult {
  readonly cubes: Readonly<Record<string, AddResult>>;
  /** Cubes that could not be written; the others were. */
  readonly failed: Readonly<Record<string, unknown>>;
  readonly rejected: readonly Rejection[];
}

/** Several cubes as one: reads search all in parallel and merge, writes go to each. */
export interface MemView {
  readonly cubeIds: readonly string[];
  /** Adds to every cube, the input read once. Atomic per cube; what failed is reported by cube. */
  add(input: unknown, options?: AddOptions): Promise<ViewAddResult>;
  /** The best hits of all cubes; the same content found twice counts once. */
  search(query: string, options?: SearchOptions): Promise<Retrieval>;
}

/** @throws MemCubeError `MEMCUBE_LIMIT_EXCEEDED` beyond `LIMITS.viewCubes` cubes */
export function memView(cubes: readonly OpenCube[]): MemView {
  if (cubes.length === 0) throw new TypeError("a view needs at least one cube");
  if (cubes.length > LIMITS.viewCubes) {
    throw new MemCubeError(
      "MEMCUBE_LIMIT_EXCEEDED",
      `A view has at most ${LIMITS.viewCubes} cubes.`,
      {
        details: { limit: LIMITS.viewCubes, actual: cubes.length },
      },
    );
  }
  return {
    cubeIds: cubes.map((cube) => cube.ref.cubeId),
    add: async (input, options) => await addToAll(cubes, input, options),
    search: async (query, options) => await searchAll(cubes, query, options),
  };
}

async function addToAll(
  cubes: readonly OpenCube[],
  input: unknown,
  rawOptions: AddOptions = {},
): Promise<ViewAddResult> {
  const options = parseInput(addOptionsSchema, rawOptions, "options");
  const [first] = cubes;
  if (first === undefined) throw new TypeError("a view needs at least one cube");
  const parsed = read(first, input, options);
  const results: Record<string, AddResult> = {};
  const failed: Record<string, unknown> = {};
  await Promise.all(
    cubes.map(async (cube) => {
      try {
        results[cube.ref.cubeId] = await addRead(cube, parsed, options);
      } catch (error) {
        failed[cube.ref.cubeId] = error;
      }
    }),
  );
  return { cubes: results, failed, rejected: parsed.rejected };
}

async function searchAll(
  cubes: readonly OpenCube[],
  query: string,
  rawOptions: SearchOptions = {},
): Promise<Retrieval> {
  const options = parseInput(searchOptionsSchema, rawOptions, "options");
  if (options.position !== undefined && cubes.length > 1) {
    throw new MemCubeError(
      "MEMCUBE_INVALID_INPUT",
      "Each cube of a view has a position of its own: pass { positions: { [cubeId]: position } }.",
    );
  }
  const { context } = cubes[0] as OpenCube;
  const vector = await embedQuery(context.operator.embedder, query, options.signal);
  const found = await Promise.all(
    cubes.map(async (cube) => await enterAndSearch(cube, query, vector, options)),
  );
  const positions = Object.fromEntries(
    found.map(({ position }, i) => [cubes[i]?.ref.cubeId ?? "", position]),
  );
  const hits = mergeHits(found).slice(0, limitOf(options));
  const confidence = Math.max(...found.map((each) => each.confidence));
  return present(context, query, { hits, confidence }, positions, options);
}

/**
 * Merges rankings of several cubes. A score tells only how a hit stands within its own cube, where
 * the best has about 1 whatever it is worth; the cube's confidence that it holds an answer makes
 * them comparable. Of equal content the better hit stays.
 */
export function mergeHits(
  rankings: readonly { readonly hits: readonly Hit[]; readonly confidence: number }[],
): Hit[] {
  const seen = new Set<string>();
  const scale = rankings.length > 1 ? (confidence: number) => confidence : () => 1;
  return rankings
    .flatMap(({ hits, confidence }) =>
      hits.map((hit) => ({ ...hit, score: hit.score * scale(confidence) })),
    )
    .sort((a, b) => b.score - a.score || order(a, b))
    .filter(({ memory }) => {
      const { fingerprint } = memory.header;
      if (seen.has(fingerprint)) return false;
      seen.add(fingerprint);
      return true;
    });
}

function order(a: Hit, b: Hit): number {
  return refKey(refOf(a.memory)) < refKey(refOf(b.memory)) ? -1 : 1;
}
