import {
  refKey,
  refOf,
  samePosition,
  type Hit,
  type Position,
  type Retrieval,
} from "../../flow/index.ts";
import { MemCubeError } from "../../errors.ts";
import { LIMITS } from "../../limits.ts";
import {
  embedQuery,
  renderHits,
  retrieve,
  retrieveAhead,
  toRenderable,
  type Retrieved,
  type RetrieveQuery,
} from "../../operation/operator/index.ts";
import { z } from "zod";

import type { CubeHeader } from "../../memory/index.ts";
import type { Tokenizer } from "../../ports/index.ts";
import type { ApiContext, OpenCube } from "./context.ts";
import { enter, enterKnown, type CubeState } from "./cube-access.ts";
import { parseInput, searchOptionsSchema, type SearchOptions } from "./options.ts";
import { indexedFilter, matcher } from "./where.ts";

export type ParsedSearchOptions = z.output<typeof searchOptionsSchema>;

/** Longer questions are documents: search for what is asked about them. */
const querySchema = z.string().max(100_000);
/** What most searches have, parsed once. */
const NO_OPTIONS: ParsedSearchOptions = Object.freeze(searchOptionsSchema.parse({}));
const DEFAULT_LIMIT = 10;
/** No useful memory is rendered in fewer tokens: bounds how many can fit a budget. */
const FEWEST_TOKENS = 6;

/**
 * Finds the memories that answer a question, with the reasons, and renders them for a prompt.
 * Without `limit`: ten hits, or with `budgetTokens` as many as fit it.
 *
 * An embedder that fails costs the search by meaning, not the search.
 *
 * @throws MemCubeError `MEMCUBE_FORBIDDEN`, `MEMCUBE_POSITION_LOST` when the cube is not (or no longer)
 * as far as `position`
 */
export async function search(
  cube: OpenCube,
  query: string,
  rawOptions?: SearchOptions,
): Promise<Retrieval> {
  const options =
    rawOptions === undefined ? NO_OPTIONS : parseInput(searchOptionsSchema, rawOptions, "options");
  parseInput(querySchema, query, "query");
  // A question goes to the embedder only for those who may ask it.
  if (enterKnown(cube, "memory.read") === undefined) await enter(cube, "memory.read");
  const { context } = cube;
  const vector = await embedQuery(context.operator.embedder, query, options.signal);
  const found = await enterAndSearch(cube, query, vector, options);
  return present(context, query, found, { [cube.ref.cubeId]: found.position }, options);
}

/**
 * Enters a cube and searches it. Where this process knows the cube, it ranks by what it knows and then
 * asks the storage once, for the cube and for the memories that were found; nothing comes of it unless
 * the cube is as it was.
 */
export async function enterAndSearch(
  cube: OpenCube,
  query: string,
  vector: Float32Array | undefined,
  options: ParsedSearchOptions,
): Promise<Retrieved> {
  const { context, ref } = cube;
  options.signal?.throwIfAborted();
  const known = enterKnown(cube, "memory.read");
  let state = undefined as CubeState | undefined;
  const isStill = async (position: Position): Promise<boolean> => {
    state = await enter(cube, "memory.read");
    return state.commitment === known?.commitment && samePosition(state.position, position);
  };
  const asked = known && toRetrieveQuery(cube, known.header, query, vector, options);
  const ahead = asked && (await retrieveAhead(context.operator, asked, isStill));
  const { position, header } = state ?? (await enter(cube, "memory.read"));
  assertReached(position, options.position ?? options.positions?.[ref.cubeId]);
  if (ahead === undefined) {
    return await searchCube(cube, { position, header }, query, vector, options);
  }
  count(cube, ahead);
  return ahead;
}

/** Searches one cube that was entered for reading. */
export async function searchCube(
  cube: OpenCube,
  { header, position }: Pick<CubeState, "header" | "position">,
  query: string,
  vector: Float32Array | undefined,
  options: ParsedSearchOptions,
): Promise<Retrieved> {
  options.signal?.throwIfAborted();
  const asked = toRetrieveQuery(cube, header, query, vector, options);
  const found = await retrieve(cube.context.operator, asked, position);
  count(cube, found);
  return found;
}

function toRetrieveQuery(
  { context, ref, principals }: OpenCube,
  cube: CubeHeader,
  text: string,
  vector: Float32Array | undefined,
  options: ParsedSearchOptions,
): RetrieveQuery {
  const { sessionId, from, to, signal } = options;
  const matches = options.where === undefined ? undefined : matcher(options);
  return {
    ref,
    cube,
    principals,
    text,
    ...(vector === undefined ? {} : { vector }),
    limit: limitOf(options),
    filter: { ...indexedFilter(options), sessionId, from, to },
    ...(matches === undefined ? {} : { matches }),
    now: context.clock.now(),
    ...(signal === undefined ? {} : { signal }),
  };
}

/** Counts that memories were returned. */
function count({ context, ref }: OpenCube, { hits }: Retrieved): void {
  const at = context.clock.now();
  context.usage.add(hits.map(({ memory }) => ({ cube: ref, id: memory.header.id, reads: 1, at })));
}

/**
 * Makes the retrieval out of ranked hits. The text is rendered when somebody first asks for it, unless
 * the hits depend on what fits into it.
 */
export function present(
  { tokenizer }: ApiContext,
  query: string,
  found: { readonly hits: readonly Hit[]; readonly confidence: number },
  positions: Retrieval["positions"],
  options: ParsedSearchOptions,
): Retrieval {
  let rendered: Rendered | undefined;
  const render = () => (rendered ??= renderText(found.hits, options.budgetTokens, tokenizer));
  const byBudget = options.limit === undefined && options.budgetTokens !== undefined;
  return {
    query,
    hits: byBudget ? render().hits : found.hits,
    get text() {
      return render().text;
    },
    get tokens() {
      return render().tokens;
    },
    get included() {
      return render().hits.map(({ memory }) => refOf(memory));
    },
    confidence: found.confidence,
    positions,
  };
}

interface Rendered {
  readonly text: string;
  readonly tokens: number;
  /** The hits that are in the text, best first. */
  readonly hits: readonly Hit[];
}

function renderText(
  hits: readonly Hit[],
  budgetTokens = Number.POSITIVE_INFINITY,
  tokenizer?: Tokenizer,
): Rendered {
  const { text, tokens, ids } = renderHits(
    hits.map((hit) => toRenderable(hit.memory)),
    {
      budgetTokens,
      ...(tokenizer === undefined ? {} : { countTokens: (part) => tokenizer.count(part) }),
    },
  );
  const included = new Set(ids);
  return {
    text,
    tokens,
    hits: hits.filter(({ memory }) => included.has(refKey(refOf(memory)))),
  };
}

/** Hits to look for. */
export function limitOf(options: ParsedSearchOptions): number {
  if (options.limit !== undefined) return options.limit;
  if (options.budgetTokens === undefined) return DEFAULT_LIMIT;
  const fitting = Math.ceil(options.budgetTokens / FEWEST_TOKENS);
  return Math.min(LIMITS.searchHits, Math.max(DEFAULT_LIMIT, fitting));
}

/** @throws MemCubeError `MEMCUBE_POSITION_LOST` unless the cube is as far as was asked for */
function assertReached(position: Position, wanted: Position | undefined): void {
  const { epoch, seq } = position;
  const same = wanted?.seq !== seq || wanted.head === position.head;
  if (wanted === undefined || (wanted.epoch === epoch && wanted.seq <= seq && same)) return;
  throw new MemCubeError(
    "MEMCUBE_POSITION_LOST",
    `The cube is at ${seq}, not as far as the position ${wanted.seq} that was asked for.`,
    { details: { wanted, position } },
  );
}
