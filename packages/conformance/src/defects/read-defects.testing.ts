import {
  type Access,
  cubeKey,
  type CubeRef,
  seesClass,
  type StoredVersion,
  type Vault,
  visibilityFromKey,
} from "@memcube/core";
import { type MemoryStorage, memoryStorage } from "@memcube/core/testing";

import { SYSTEM } from "../kit/test-cube.ts";
import type { Defect } from "./defect.testing.ts";

type CubeRow = MemoryStorage["data"]["cubes"] extends Map<string, infer Row> ? Row : never;
type ListQuery = Parameters<Vault["list"]>[1];

const vaultDefect = (
  name: string,
  breakVault: (right: MemoryStorage) => Partial<Vault>,
): Defect => ({
  port: "vault",
  name,
  breakIt: (right) => ({ vault: breakVault(right) }),
});

/** Whether `access` may see a row, by a rule of the defect's own. */
function filtered(
  rows: readonly StoredVersion[],
  { data }: MemoryStorage,
  ref: CubeRef,
  access: Access,
  change: (lists: ReturnType<typeof visibilityFromKey>) => ReturnType<typeof visibilityFromKey>,
): StoredVersion[] {
  const header = data.cubes.get(cubeKey(ref))?.headers.at(-1)?.header;
  if ("system" in access || header === undefined) return [...rows];
  const principals = new Set<string>(access.principals);
  return rows.filter((row) =>
    seesClass(principals, change(visibilityFromKey(row.visibility)), header),
  );
}

/** Cubes of any tenant with the same id. */
function namesakes({ data }: MemoryStorage, ref: CubeRef): CubeRef[] {
  return [...data.cubes.values()]
    .map((cube) => cube.ref)
    .filter(({ cubeId }) => cubeId === ref.cubeId);
}

export const readDefects: readonly Defect[] = [
  vaultDefect("reading by id leads into other tenants", ({ vault, ...right }) => ({
    read: async (ref, query) => {
      const refs = namesakes({ vault, ...right }, ref);
      return (await Promise.all(refs.map((other) => vault.read(other, query)))).flat();
    },
  })),
  vaultDefect("edges are found in other tenants", ({ vault, ...right }) => ({
    edgesTo: async (ref, query) => {
      const refs = namesakes({ vault, ...right }, ref);
      const pages = await Promise.all(refs.map((other) => vault.edgesTo(other, query)));
      return { items: pages.flatMap(({ items }) => items) };
    },
  })),
  vaultDefect("deny is ignored in listings", (right) => ({
    list: async (ref, query) => {
      const page = await right.vault.list(ref, { ...query, access: SYSTEM });
      const items = filtered(page.items, right, ref, query.access, (lists) => ({
        ...lists,
        deny: [],
      }));
      return { ...page, items };
    },
  })),
  vaultDefect("allow is ignored when reading by key", (right) => ({
    readByKey: async (ref, query) => {
      const rows = await right.vault.readByKey(ref, { ...query, access: SYSTEM });
      return filtered(rows, right, ref, query.access, ({ deny }) => ({ deny }));
    },
  })),
  vaultDefect("the cube's own lists are ignored in history", (right) => ({
    versions: async (ref, query) => {
      const rows = await right.vault.versions(ref, { ...query, access: SYSTEM });
      if ("system" in query.access) return rows;
      const principals = new Set<string>(query.access.principals);
      const open = { owner: "everyone", allow: ["everyone"], deny: [] } as const;
      const all = new Set([...principals, "everyone"]);
      const header = { ...open, allow: [...open.allow], deny: [...open.deny] };
      return rows.filter(({ visibility }) => seesClass(all, visibilityFromKey(visibility), header));
    },
  })),
  vaultDefect("versions are all judged by the current one", ({ vault }) => ({
    versions: async (ref, query) => {
      const seen = await vault.read(ref, { access: query.access, ids: [query.id] });
      return seen.length === 0 && query.id !== "@cube"
        ? []
        : vault.versions(ref, { ...query, access: SYSTEM });
    },
  })),
  vaultDefect("the cube's lists are cached", ({ vault, data }) => {
    const cached = new Map<string, CubeRow["headers"][number]>();
    return {
      list: (ref, query) => {
        const cube = data.cubes.get(cubeKey(ref));
        const current = cube?.headers.at(-1);
        if (cube === undefined || current === undefined) return vault.list(ref, query);
        const first = cached.get(cubeKey(ref)) ?? current;
        cached.set(cubeKey(ref), first);
        cube.headers.push(first);
        const page = vault.list(ref, query);
        cube.headers.pop();
        return page;
      },
    };
  }),
  vaultDefect("permission is looked at after the page was cut", (right) => ({
    list: async (ref, query) => {
      const page = await right.vault.list(ref, { ...query, access: SYSTEM });
      return { ...page, items: filtered(page.items, right, ref, query.access, (lists) => lists) };
    },
  })),
  vaultDefect("totals count what may not be seen", ({ vault }) => ({
    list: async (ref, query) => {
      const page = await vault.list(ref, query);
      if (page.total === undefined) return page;
      return { ...page, total: (await vault.list(ref, { ...query, access: SYSTEM })).total };
    },
  })),
  vaultDefect("cubes are listed to everyone", ({ vault }) => ({
    cubes: (query) => vault.cubes({ ...query, access: SYSTEM }),
  })),
  vaultDefect("a cursor is a number of rows to skip", ({ vault }) => ({
    list: async (ref, query) => {
      const { cursor, limit, ...rest } = query;
      const skip = Number(cursor ?? 0);
      const page = await vault.list(ref, { ...rest, limit: skip + limit });
      const { cursor: more, ...kept } = { ...page, items: page.items.slice(skip) };
      return more === undefined ? kept : { ...kept, cursor: String(skip + limit) };
    },
  })),
  vaultDefect("a cursor skips a row", ({ vault }) => ({
    list: async (ref, query) => {
      const page = await vault.list(ref, query);
      return query.cursor === undefined ? page : { ...page, items: page.items.slice(1) };
    },
  })),
  vaultDefect("a listing does not end", ({ vault }) => ({
    list: async (ref, query) => ({ cursor: "0", ...(await vault.list(ref, query)) }),
  })),
  vaultDefect("what is no cursor is where a listing begins", ({ vault }) => ({
    cubes: (query) => vault.cubes(query).catch(() => vault.cubes({ ...query, cursor: undefined })),
  })),
  vaultDefect("newest first is by change, not by creation", ({ vault }) => ({
    list: async (ref, query) => {
      const page = await vault.list(ref, query);
      if (query.order === "oldest") return page;
      return { ...page, items: page.items.toSorted((a, b) => b.fromSeq - a.fromSeq) };
    },
  })),
  vaultDefect("any tag of a filter is enough", ({ vault }) => ({ list: anyTag(vault) })),
  vaultDefect("the end of a time range belongs to it", ({ vault }) => ({
    list: (ref, query) => {
      const { to } = query.filter;
      const filter = { ...query.filter, ...(to === undefined ? {} : { to: to + 1 }) };
      return vault.list(ref, { ...query, filter });
    },
  })),
  vaultDefect("expired memories are read", ({ vault }) => ({
    read: (ref, query) => vault.read(ref, { ...query, now: undefined }),
  })),
  vaultDefect("expired memories are listed", ({ vault }) => ({
    list: (ref, query) => vault.list(ref, { ...query, now: undefined }),
  })),
  vaultDefect("a memory expires a moment late", ({ vault }) => ({
    list: (ref, { now, ...query }) =>
      vault.list(ref, now === undefined ? query : { ...query, now: now - 1 }),
  })),
  vaultDefect("reading at a sequence number reads the newest", ({ vault }) => ({
    read: (ref, query) => vault.read(ref, { ...query, seq: undefined }),
  })),
  vaultDefect(
    "a replaced version is still current at the commit that replaced it",
    ({ vault }) => ({
      read: (ref, { seq, ...query }) =>
        vault.read(ref, seq === undefined ? query : { ...query, seq: seq - 1 }),
    }),
  ),
  vaultDefect("memories are read in the order of the table", ({ vault }) => ({
    read: async (ref, query) =>
      (await vault.read(ref, query)).toSorted((a, b) => a.ordinal - b.ordinal),
  })),
  vaultDefect("edges of replaced versions are found", ({ vault, data }) => ({
    edgesTo: async (ref, query) => {
      const rows = [...(data.cubes.get(cubeKey(ref))?.memories.values() ?? [])];
      const old = rows.flatMap(({ versions }) =>
        versions.filter(({ toSeq }) => toSeq !== undefined),
      );
      const edges = old.flatMap(({ id: from, version: fromVersion, index }) =>
        index.edges
          .filter(({ to }) => to.id === query.target.id)
          .map((edge) => ({ ...edge, from, fromVersion })),
      );
      const page = await vault.edgesTo(ref, query);
      return { ...page, items: [...page.items, ...edges] };
    },
  })),
  vaultDefect("a target is known by its id alone", ({ vault, data }) => ({
    edgesTo: async (ref, query) => {
      const cubes = [...data.cubes.values()].map((cube) => cube.ref.cubeId);
      const targets = [...new Set([...cubes, "cube-1", "cube-2"])].map((cubeId) => ({
        ...query.target,
        cubeId,
      }));
      const pages = await Promise.all(
        targets.map((target) => vault.edgesTo(ref, { ...query, target })),
      );
      return { items: pages.flatMap(({ items }) => items) };
    },
  })),
  vaultDefect("a time resolves to the first commit after it", ({ vault, data }) => ({
    positionAt: async (ref, at) => {
      const cube = data.cubes.get(cubeKey(ref));
      const entry = cube?.log.find((candidate) => candidate.at >= at);
      if (cube === undefined || entry === undefined) return vault.positionAt(ref, at);
      return { epoch: cube.epoch, seq: entry.seq, head: entry.head };
    },
  })),
  vaultDefect("candidates that are not declared are simply none", () => ({
    candidates: async () => [],
  })),
  {
    ...vaultDefect("candidates leave out what matches", ({ vault }) => ({
      candidates: async (ref, query) =>
        (await vault.candidates(ref, query)).filter((_, index) => index % 10 !== 9),
    })),
    candidates: true,
  },
  {
    ...vaultDefect("candidates are cut before permission is looked at", (right) => ({
      candidates: async (ref, query) => {
        const found = await right.vault.candidates(ref, { ...query, access: SYSTEM });
        const ids = found.map(({ id }) => id);
        const seen = await right.vault.read(ref, { access: query.access, ids });
        return found.filter(({ id }) => seen.some((row) => row.id === id));
      },
    })),
    candidates: true,
  },
  {
    ...vaultDefect("vectors are declared and not looked at", ({ vault }) => ({
      candidates: (ref, query) => vault.candidates(ref, { ...query, vector: undefined }),
    })),
    candidates: true,
    vectors: true,
  },
  {
    ...vaultDefect("the nearest are cut before permission is looked at", (right) => ({
      candidates: async (ref, query) => {
        if (query.vector === undefined) return right.vault.candidates(ref, query);
        const found = await right.vault.candidates(ref, { ...query, access: SYSTEM });
        const ids = found.map(({ id }) => id);
        const seen = await right.vault.read(ref, { access: query.access, ids });
        return found.filter(({ id }) => seen.some((row) => row.id === id));
      },
    })),
    candidates: true,
    vectors: true,
  },
  {
    ...vaultDefect("vectors that are not declared are looked at", ({ data }) => {
      const { vault } = memoryStorage({
        from: data,
        candidates: true,
        vectors: { model: "none", dimensions: 4 },
      });
      return { candidates: (ref, query) => vault.candidates(ref, query) };
    }),
    candidates: true,
  },
];

function anyTag(vault: Vault): Vault["list"] {
  return async (ref: CubeRef, query: ListQuery) => {
    const { tags = [], ...filter } = query.filter;
    if (tags.length < 2) return vault.list(ref, query);
    const pages = await Promise.all(
      tags.map((tag) => vault.list(ref, { ...query, filter: { ...filter, tags: [tag] } })),
    );
    const items = pages.flatMap((page) => page.items);
    const unique = [...new Map(items.map((row) => [row.id, row])).values()];
    return { items: unique, total: unique.length };
  };
}
