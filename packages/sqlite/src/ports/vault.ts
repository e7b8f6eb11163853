import {
  type CommitRequest,
  MemCubeError,
  type Vault,
  type VaultCapabilities,
  type VaultWrite,
} from "@memcube/core";

import { ownNumbers } from "../bytes.ts";
import type { Call } from "../client.ts";
import { listCubes } from "./list-cubes.ts";
import { versionOfTuple } from "../worker/commands/vault/version-row.ts";
import type { View } from "../worker/commands/vault/visible.ts";
import { Views } from "./views.ts";

/** The vault port. */
export function vaultOf(
  call: Call,
  able: Pick<VaultCapabilities, "durability" | "candidates">,
): Vault {
  const views = new Views();
  return {
    capabilities: { ...able, atomicAcrossCubes: false, linkHash: "sha256" },
    commit: async (request) => {
      const receipt = await call("vault.commit", sendable(request));
      return { ...receipt, body: receipt.body ?? request.body };
    },
    cube: (ref) => call("vault.cube", ref),
    cubes: (query) => listCubes(call, query),
    dropCube: async (ref) => {
      const found = await call("vault.dropCube", ref);
      if (found) await purgeDropped(call);
      return found;
    },
    position: (ref) => call("vault.position", ref),
    read: async (ref, { access, ...query }) => {
      const ask = (view: View) => call("vault.read", { ref, view, query });
      return ((await views.read(ref, access, ask)) ?? []).map(versionOfTuple);
    },
    readByKey: async (ref, { access, ...query }) => {
      const ask = (view: View) => call("vault.readByKey", { ref, view, query });
      return ((await views.read(ref, access, ask)) ?? []).map(versionOfTuple);
    },
    list: async (ref, { access, ...query }) => {
      const page = await views.read(ref, access, (view) =>
        call("vault.list", { ref, view, query }),
      );
      return page ?? { items: [], ...(query.withTotal === true ? { total: 0 } : {}) };
    },
    versions: async (ref, { access, ...query }) =>
      (await views.read(ref, access, (view) => call("vault.versions", { ref, view, query }))) ?? [],
    log: (ref, query) => call("vault.log", { ref, ...query }),
    positionAt: (ref, at) => call("vault.positionAt", { ref, at }),
    edgesTo: async (ref, { access, ...query }) =>
      (await views.read(ref, access, (view) => call("vault.edgesTo", { ref, view, query }))) ?? {
        items: [],
      },
    seals: (ref, query) => call("vault.seals", { ref, ...query }),
    seal: (ref, seal) => call("vault.seal", { ref, seal }),
    lease: (ref, lease) => call("vault.lease", { ref, ...lease }),
    mark: (ref, name) => call("vault.mark", { ref, name }),
    setMark: (ref, name, value) => call("vault.setMark", { ref, name, value }),
    segments: (ref) => call("vault.segments", ref),
    endedVersions: (ref, query) => call("vault.endedVersions", { ref, ...query }),
    addSegment: (ref, segment, expect) => call("vault.addSegment", { ref, segment, expect }),
    replaceSegment: (ref, segment, replaced) =>
      call("vault.replaceSegment", { ref, segment, replaced }),
    stats: (ref) => call("vault.stats", ref),
    candidates: async (ref, { access, ...query }) => {
      if (!able.candidates) {
        const why = "SQLite in this Node has no FTS5: Node 22.16 or later has.";
        throw new MemCubeError("MEMCUBE_NOT_SUPPORTED", why);
      }
      const ask = (view: View) => call("vault.candidates", { ref, view, query });
      return (await views.read(ref, access, ask)) ?? [];
    },
  };
}

/** Destroys what dropped cubes hold, slice by slice, so that other calls come in between. */
export async function purgeDropped(call: Call): Promise<void> {
  while (await call("vault.purgeDropped", undefined));
}

function sendable(request: CommitRequest): CommitRequest {
  if (!request.writes.some(({ op }) => op === "vector")) return request;
  const own = (write: VaultWrite): VaultWrite =>
    write.op === "vector" ? { ...write, vector: ownNumbers(write.vector) } : write;
  return { ...request, writes: request.writes.map(own) };
}
