import type { CubeRef } from "@memcube/core";

export const TENANT = "tenant-1";

/** The cube that all writers write to. */
export const SHARED: CubeRef = { tenantId: TENANT, cubeId: "shared" };

export const THREAD = { tenantId: TENANT, owner: "user:ada", threadId: "thread" } as const;

/** What a writer says of a commit that was acknowledged. */
export interface Acknowledged {
  readonly cubeId: string;
  readonly commitId: string;
  readonly seq: number;
  readonly head: string;
  /** Ids with the version written. */
  readonly written: readonly (readonly [id: string, version: number])[];
}

/** A word that stands in one version of one memory only. */
export function wordOf(id: string, version: number): string {
  return `w${id.replaceAll("-", "x")}v${version}`;
}
