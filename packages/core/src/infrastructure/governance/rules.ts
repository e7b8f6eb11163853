import type { Action } from "../../flow/index.ts";
import { seesCube, type CubeHeader, type GovernanceHeader } from "../../memory/index.ts";

/** What a rule looks at: plain data, no I/O. */
export interface AccessRequest {
  readonly principals: ReadonlySet<string>;
  readonly action: Action;
  readonly cubeId: string;
  /** Left out while a cube is being created. */
  readonly cube?: Pick<CubeHeader, "owner" | "allow" | "deny" | "writers">;
  /** The memory acted upon, for actions on one. */
  readonly memory?: Pick<GovernanceHeader, "owner">;
}

interface Rule {
  readonly code: string;
  readonly effect: "permit" | "forbid";
  readonly applies: (request: AccessRequest) => boolean;
}

const READS: readonly Action[] = ["cube.read", "memory.read"];
const WRITES: readonly Action[] = [
  "memory.add",
  "memory.update",
  "memory.forget",
  "memory.rollback",
];

const OWNED: readonly Action[] = ["memory.erase", "memory.share"];

/**
 * The rules, all of which are looked at: forbid wins over permit, and what no rule permits is
 * forbidden (MemOS 2507.03724 section 5.5.1; evaluation order after Cedar).
 */
export const RULES: readonly Rule[] = [
  {
    code: "foreign-user-cube",
    effect: "forbid",
    applies: (request) => isForeignUserCube(request),
  },
  {
    code: "cube-denied",
    effect: "forbid",
    applies: ({ cube, principals }) =>
      cube !== undefined && cube.deny.some((principal) => principals.has(principal)),
  },
  {
    code: "anyone-creates",
    effect: "permit",
    applies: ({ action, cube }) => action === "cube.create" && cube === undefined,
  },
  {
    code: "cube-owner",
    effect: "permit",
    applies: ({ action, cube, principals }) =>
      action !== "cube.create" && cube !== undefined && principals.has(cube.owner),
  },
  {
    code: "cube-reader",
    effect: "permit",
    applies: ({ action, cube, principals }) =>
      READS.includes(action) && cube !== undefined && seesCube(principals, cube),
  },
  {
    code: "cube-writer",
    effect: "permit",
    applies: (request) =>
      (WRITES.includes(request.action) || request.action === "cube.read") && isWriter(request),
  },
  {
    // What only the owners of cube and memory decide: that it goes, and who else sees it.
    code: "memory-owner",
    effect: "permit",
    applies: (request) =>
      OWNED.includes(request.action) &&
      request.memory !== undefined &&
      request.principals.has(request.memory.owner) &&
      isWriter(request),
  },
];

function isWriter({ cube, principals }: AccessRequest): boolean {
  return cube !== undefined && cube.writers.some((principal) => principals.has(principal));
}

/** `user:<id>` cubes are made by their user only; who else may enter is then theirs to say. */
function isForeignUserCube({ action, cubeId, principals }: AccessRequest): boolean {
  return action === "cube.create" && cubeId.startsWith("user:") && !principals.has(cubeId);
}
