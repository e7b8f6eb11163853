import {
  type CubeRef,
  type Edge,
  edgeSchema,
  type Page,
  type StoredEdge,
  type Vault,
} from "@memcube/core";
import { z } from "zod";

import type { RedisConnection, Reply } from "../connection/connection.ts";
import { readCursor, writeCursor } from "../cursor.ts";
import { damaged, listOf, numberOf, textOf } from "../replies.ts";
import { targetOf } from "./encode-commit.ts";
import type { Views } from "./views.ts";

/** Memories looked at for a page: each may have several edges to the target. */
const SLICE = 200;

const edgesSchema = z.array(edgeSchema);

interface Placed {
  readonly edge: StoredEdge;
  readonly ordinal: number;
  readonly place: number;
}

/**
 * `Vault.edgesTo`: by the memory they start from, oldest first, then in the order it lists them. Cost:
 * in proportion to the memories that point to the target.
 */
export async function edgesTo(
  parts: { readonly connection: RedisConnection; readonly views: Views },
  ref: CubeRef,
  query: Parameters<Vault["edgesTo"]>[1],
): Promise<Page<StoredEdge>> {
  const { connection, views } = parts;
  const { target, limit } = query;
  const [ordinal, place] =
    query.cursor === undefined ? [0, -1] : readCursor(query.cursor, "number", "number");
  const found: Placed[] = [];
  let from = ordinal;
  for (;;) {
    const first = String(from);
    const answer = await views.read(ref, query.access, (view) =>
      connection.run(
        "find-edges",
        [connection.keys.cube(ref, "meta")],
        [...view, targetOf(target), first, String(SLICE)],
      ),
    );
    if (answer === undefined) return { items: [] };
    const [ended, last, ...rows] = answer;
    for (const row of rows) {
      for (const placed of edgesOf(listOf(row), query)) {
        const isAfter =
          placed.ordinal > ordinal || (placed.ordinal === ordinal && placed.place > place);
        if (isAfter) found.push(placed);
      }
    }
    if (numberOf(ended) === 1 || found.length > limit) break;
    from = numberOf(last) + 1;
  }
  const page = found.slice(0, limit);
  const end = found.length > limit ? page.at(-1) : undefined;
  return {
    items: page.map(({ edge }) => edge),
    ...(end === undefined ? {} : { cursor: writeCursor(end.ordinal, end.place) }),
  };
}

/** The edges of one memory that the query asks for, with their places among all it has. */
function edgesOf(
  row: readonly Reply[],
  { target, types }: Pick<Parameters<Vault["edgesTo"]>[1], "target" | "types">,
): Placed[] {
  const [id, version, ordinal, text] = row;
  const placed: Placed[] = [];
  for (const [place, edge] of readEdges(textOf(text)).entries()) {
    const { to, type } = edge;
    if (to.id !== target.id || to.cubeId !== target.cubeId) continue;
    if (types !== undefined && !types.includes(type)) continue;
    placed.push({
      edge: { ...edge, from: textOf(id), fromVersion: numberOf(version) },
      ordinal: numberOf(ordinal),
      place,
    });
  }
  return placed;
}

function readEdges(text: string): readonly Edge[] {
  try {
    return edgesSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw damaged("edges", cause);
  }
}
