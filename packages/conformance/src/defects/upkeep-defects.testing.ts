import { cubeKey, type Vault } from "@memcube/core";
import type { MemoryStorage } from "@memcube/core/testing";

import { type Defect, nextTurn } from "./defect.testing.ts";

const vaultDefect = (
  name: string,
  breakVault: (right: MemoryStorage) => Partial<Vault>,
): Defect => ({
  port: "vault",
  name,
  breakIt: (right) => ({ vault: breakVault(right) }),
});

export const upkeepDefects: readonly Defect[] = [
  vaultDefect("a lease is given to whoever asks", ({ vault }) => ({
    lease: (ref, lease) => vault.lease(ref, { ...lease, holder: "anybody" }),
  })),
  vaultDefect("a lease is looked at, and taken a moment later", ({ vault, data }) => ({
    lease: async (ref, lease) => {
      const held = data.cubes.get(cubeKey(ref))?.leases.get(lease.name);
      const free = held === undefined || held.holder === lease.holder || held.until <= lease.now;
      await nextTurn();
      if (free) data.cubes.get(cubeKey(ref))?.leases.set(lease.name, lease);
      return free && vault.lease(ref, lease);
    },
  })),
  vaultDefect("seals may overlap", ({ data }) => ({
    seal: async (ref, seal) => {
      data.cubes.get(cubeKey(ref))?.seals.push(structuredClone(seal));
    },
  })),
  vaultDefect("signatures are not kept", ({ vault }) => ({
    seal: (ref, { signature: _lost, ...seal }) => vault.seal(ref, seal),
  })),
  vaultDefect("a segment leaves the log as it is", ({ vault, data }) => ({
    addSegment: async (ref, segment) => {
      const log = [...(data.cubes.get(cubeKey(ref))?.log ?? [])];
      await vault.addSegment(ref, segment);
      const cube = data.cubes.get(cubeKey(ref));
      if (cube !== undefined) cube.log = log;
    },
  })),
  vaultDefect("a segment is taken whatever was erased", ({ vault }) => ({
    addSegment: (ref, segment) => vault.addSegment(ref, segment),
  })),
  vaultDefect("segments may have gaps", ({ data }) => ({
    addSegment: async (ref, segment) => {
      data.cubes.get(cubeKey(ref))?.segments.push(structuredClone(segment));
    },
  })),
  vaultDefect("a segment takes current versions, too", ({ vault, data }) => ({
    addSegment: async (ref, segment) => {
      await vault.addSegment(ref, segment);
      const memories = data.cubes.get(cubeKey(ref))?.memories;
      for (const [id, { versions }] of memories ?? []) {
        if ((versions.at(-1)?.fromSeq ?? 0) <= segment.toSeq) memories?.delete(id);
      }
    },
  })),
  vaultDefect("the position is that of the last entry in the log", ({ vault, data }) => ({
    position: async (ref) => {
      const { seq, head } = data.cubes.get(cubeKey(ref))?.log.at(-1) ?? {};
      const position = await vault.position(ref);
      return position && { ...position, seq: seq ?? 0, head: head ?? "" };
    },
  })),
  vaultDefect("a segment's blob is replaced whatever it was", ({ vault }) => ({
    replaceSegment: async (ref, segment) => {
      const known = (await vault.segments(ref)).find(({ fromSeq }) => fromSeq === segment.fromSeq);
      await vault.replaceSegment(ref, segment, known?.blob ?? "");
    },
  })),
  vaultDefect("ended versions are those that began in the stretch", ({ vault, data }) => ({
    endedVersions: async (ref, query) => {
      const page = await vault.endedVersions(ref, { ...query, afterSeq: 0, toSeq: Infinity });
      const begun = new Map(
        [...(data.cubes.get(cubeKey(ref))?.memories.values() ?? [])].flatMap(({ versions }) =>
          versions.map((row) => [`${row.id} ${row.version}`, row.fromSeq] as const),
        ),
      );
      const items = page.items.filter(({ id, version }) => {
        const fromSeq = begun.get(`${id} ${version}`) ?? 0;
        return fromSeq > query.afterSeq && fromSeq <= query.toSeq;
      });
      return { ...page, items };
    },
  })),
  vaultDefect("replaced headers never end", ({ vault }) => ({
    endedVersions: async (ref, query) => {
      const page = await vault.endedVersions(ref, query);
      return { ...page, items: page.items.filter(({ id }) => id !== "@cube") };
    },
  })),
  vaultDefect("a dropped cube leaves its marks", ({ vault, data }) => {
    const left = new Map<string, Map<string, string>>();
    return {
      dropCube: (ref) => {
        const marks = data.cubes.get(cubeKey(ref))?.marks;
        if (marks !== undefined) left.set(cubeKey(ref), new Map(marks));
        return vault.dropCube(ref);
      },
      mark: async (ref, name) => (await vault.mark(ref, name)) ?? left.get(cubeKey(ref))?.get(name),
    };
  }),
  vaultDefect("a dropped cube leaves its usage", ({ vault, data }) => ({
    dropCube: async (ref) => {
      const left = data.usage.get(cubeKey(ref));
      const dropped = await vault.dropCube(ref);
      if (left !== undefined) data.usage.set(cubeKey(ref), left);
      return dropped;
    },
  })),
  vaultDefect("an empty mark is none", ({ vault }) => ({
    mark: async (ref, name) => (await vault.mark(ref, name)) || undefined,
  })),
  vaultDefect("the versions of the header are counted", ({ vault, data }) => ({
    stats: async (ref) => {
      const stats = await vault.stats(ref);
      const headers = data.cubes.get(cubeKey(ref))?.headers.length ?? 0;
      return { ...stats, versions: stats.versions + headers };
    },
  })),
  vaultDefect("the header keeps only its newest version", ({ vault }) => ({
    versions: async (ref, query) => {
      const rows = await vault.versions(ref, query);
      return query.id === "@cube" ? rows.slice(0, 1) : rows;
    },
  })),
];
