import type { CubeRef, Vault } from "@memcube/core";

import type { RedisConnection } from "../connection/connection.ts";
import { listOf, textOf } from "../replies.ts";
import { filterArguments } from "../vault/list.ts";
import type { Views } from "../vault/views.ts";
import { readSearchReply } from "./search-reply.ts";
import { searchCommand } from "./search-command.ts";

/** The engine may take this long; then it says so and the caller may try again. */
const TIMEOUT_MS = 2_000;

type Query = Parameters<Vault["candidates"]>[1];

/**
 * `Vault.candidates`. Two steps: the query engine finds documents of the cube that fit and are of
 * classes that the caller sees; one script in the cube's slot then keeps those of which all that still
 * holds. Cost: the engine's, and two commands for each candidate.
 */
export async function findCandidates(
  parts: { readonly connection: RedisConnection; readonly views: Views },
  ref: CubeRef,
  query: Query,
): Promise<{ id: string; score: number }[]> {
  const { connection, views } = parts;
  const { keys, server } = connection;
  const { access, filter, now } = query;
  let found: { id: string; score: number }[] = [];
  const answer = await views.read(ref, access, async (view) => {
    const [, list] = view;
    const classes = list === "*" ? undefined : list.split(",").filter((number) => number !== "");
    const command = searchCommand(keys, ref, {
      ...query,
      classes,
      timeoutMs: TIMEOUT_MS,
      scorer:
        server.version.startsWith("7.") || server.version.startsWith("6.") ? "BM25" : "BM25STD",
    });
    const start = keys.cubeDocument(ref, "");
    // Documents of the cube lie in its slot: its node alone need be asked.
    const documents =
      command === undefined ? [] : readSearchReply(await connection.send(start, command));
    found = documents.map(({ key, score }) => ({ id: key.slice(start.length), score }));
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
