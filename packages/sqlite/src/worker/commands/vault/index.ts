import { candidates } from "./candidates.ts";
import { commit } from "./commit.ts";
import { cube, cubes, position } from "./cubes.ts";
import { dropCube, purgeDropped } from "./drop-cube.ts";
import { edgesTo } from "./edges.ts";
import { addSegment, endedVersions, replaceSegment, segments } from "./history.ts";
import { list } from "./list.ts";
import { log, positionAt } from "./log.ts";
import { lease, mark, setMark } from "./marks.ts";
import { read, readByKey } from "./read.ts";
import { seal, seals } from "./seals.ts";
import { stats } from "./stats.ts";
import { versions } from "./versions.ts";
import { guarded } from "./visible.ts";

/** Reads that need nothing but a connection, and little of it: any thread can do them. */
export const NEAR_VAULT_READS = {
  "vault.position": position,
  "vault.cube": cube,
  "vault.read": guarded(read),
  "vault.readByKey": guarded(readByKey),
};

export const VAULT_READS = {
  ...NEAR_VAULT_READS,
  "vault.cubes": cubes,
  "vault.list": guarded(list),
  "vault.versions": guarded(versions),
  "vault.edgesTo": guarded(edgesTo),
  "vault.candidates": guarded(candidates),
  "vault.log": log,
  "vault.positionAt": positionAt,
  "vault.seals": seals,
  "vault.mark": mark,
  "vault.segments": segments,
  "vault.endedVersions": endedVersions,
  "vault.stats": stats,
};

export const VAULT_WRITES = {
  "vault.commit": commit,
  "vault.dropCube": dropCube,
  "vault.purgeDropped": purgeDropped,
  "vault.seal": seal,
  "vault.lease": lease,
  "vault.setMark": setMark,
  "vault.addSegment": addSegment,
  "vault.replaceSegment": replaceSegment,
};
