import type { Page } from "../../flow/index.ts";
import type { StoredEdge, Vault } from "../../ports/index.ts";
import type { CubeRow } from "../memory-data.ts";
import { pageOf } from "../page-of.ts";
import { rowsSeen } from "./read.ts";

type Key = readonly [ordinal: number, place: number];

/** `Vault.edgesTo`: by the memory they start from, oldest first, then in the order it lists them. */
export function edgesTo(
  cube: CubeRow | undefined,
  query: Parameters<Vault["edgesTo"]>[1],
): Page<StoredEdge> {
  const { target, types, access } = query;
  const rows = cube === undefined ? [] : rowsSeen(cube, { access });
  const edges = rows.flatMap(({ memory, version }) =>
    version.index.edges.map((edge, place) => ({
      key: [memory.ordinal, place] as Key,
      edge: { ...edge, from: version.id, fromVersion: version.version },
    })),
  );
  const found = edges.filter(
    ({ edge }) =>
      edge.to.cubeId === target.cubeId &&
      edge.to.id === target.id &&
      (types?.includes(edge.type) ?? true),
  );
  return pageOf(found, query, {
    keyOf: ({ key }) => key,
    isAfter: ({ key }, [ordinal, place]: Key) =>
      key[0] > ordinal || (key[0] === ordinal && key[1] > place),
    itemOf: ({ edge }) => edge,
  });
}
