import type { CubeRef, Vault } from "@memcube/core";

import type { Argument, RedisConnection } from "../connection/connection.ts";
import type { Keys } from "../keys.ts";
import { listOf, textOf } from "../replies.ts";
import { filterArguments } from "../vault/list.ts";
import type { Views } from "../vault/views.ts";
import { nearestCommand, searchCommand, type SearchQuery } from "./search-command.ts";
import { readSearchKeys, readSearchReply } from "./search-reply.ts";
import { vectorBytes, type VectorField } from "./vector-field.ts";

/** The engine may take this long; then it says so and the caller may try again. */
const TIMEOUT_MS = 2_000;

/** Of reciprocal rank fusion (Cormack et al., SIGIR 2009): keeps the first places from deciding alone. */
const RANK_OFFSET = 60;

type Query = Parameters<Vault["candidates"]>[1];

/**
 * `Vault.candidates`. Two steps: the query engine finds documents of the cube that fit and are of
 * classes that the caller sees; one script in the cube's slot then keeps those of which all that still
 * holds. Cost: the engine's, and two commands for each candidate.
 */
export async function findCandidates(
  parts: {
    readonly connection: RedisConnection;
    readonly views: Views;
    readonly vectors: VectorField | undefined;
  },
  ref: CubeRef,
  query: Query,
): Promise<{ id: string; score: number }[]> {
  const { connection, views, vectors } = parts;
  const { keys, server } = connection;
  const { access, filter, now } = query;
  let found: Found[] = [];
  const answer = await views.read(ref, access, async (view) => {
    const [, list] = view;
    const classes = list === "*" ? undefined : list.split(",").filter((number) => number !== "");
    const asked: SearchQuery = {
      ...query,
      classes,
      timeoutMs: TIMEOUT_MS,
      scorer:
        server.version.startsWith("7.") || server.version.startsWith("6.") ? "BM25" : "BM25STD",
    };
    const start = keys.cubeDocument(ref, "");
    // Documents of the cube lie in its slot: its node alone need be asked. Both go in one tick.
    const send = (command: readonly Argument[]) => connection.send(start, command);
    const words = searchCommand(keys, ref, asked, vectors);
    const near = vectors && nearestOf(keys, ref, asked, vectors, query.vector);
    const [byWords, byVector] = await Promise.all([
      words === undefined ? [] : send(words).then(readSearchReply),
      near === undefined ? [] : send(near).then(readSearchKeys),
    ]);
    found = merged(byWords, byVector, query.limit).map(({ id, score }) => ({
      id: id.slice(start.length),
      score,
    }));
    return connection.run(
      "check-memories",
      [keys.cube(ref, "meta")],
      [
        ...view,
        String(now),
        String(found.length),
        ...found.map(({ id }) => id),
        ...filterArguments(filter),
      ],
    );
  });
  const kept = new Set((answer ?? []).flatMap((ids) => listOf(ids)).map(textOf));
  return found.filter(({ id }) => kept.has(id));
}

interface Found {
  readonly id: string;
  readonly score: number;
}

function nearestOf(
  keys: Keys,
  ref: CubeRef,
  query: SearchQuery,
  vectors: VectorField,
  vector: Float32Array | undefined,
): Argument[] | undefined {
  const bytes = vector && vectorBytes(vectors, vector, vectors.model);
  return bytes && nearestCommand(keys, ref, query, vectors, bytes);
}

/**
 * Both rankings as one: by the engine's score where there are no vectors, else by the places in both
 * (reciprocal rank fusion), as scores and distances can't be compared.
 */
export function merged(
  byWords: readonly { readonly key: string; readonly score: number }[],
  byVector: readonly string[],
  limit: number,
): Found[] {
  if (byVector.length === 0) return byWords.map(({ key, score }) => ({ id: key, score }));
  const scores = new Map<string, number>();
  for (const keys of [byWords.map(({ key }) => key), byVector]) {
    for (const [place, key] of keys.entries()) {
      scores.set(key, (scores.get(key) ?? 0) + 1 / (RANK_OFFSET + place));
    }
  }
  return [...scores]
    .map(([id, score]) => ({ id, score }))
    .sort((one, other) => other.score - one.score)
    .slice(0, limit);
}
