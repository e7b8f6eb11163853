import { createHash } from "node:crypto";

import { type CommitInput, commitRequest, cubeWrite, memoryWrite } from "@memcube/conformance";
import type { CommitReceipt, CubeRef, LogEntry, Vault } from "@memcube/core";

export const EVERYTHING = { system: "verify" } as const;

export const CUBE: CubeRef = { tenantId: "tenant-1", cubeId: "cube-1" };

/** Creates a cube that everyone of its tenant may read. */
export async function createCube(
  vault: Vault,
  cube: CubeRef = CUBE,
  epoch?: string,
): Promise<void> {
  const writes = [cubeWrite(cube, { allow: ["everyone"] })];
  await vault.commit(commitRequest({ cube, writes, ...(epoch === undefined ? {} : { epoch }) }));
}

/** Adds a memory in a commit of its own. */
export function addMemory(
  vault: Vault,
  id: string,
  more: Partial<CommitInput> & { readonly text?: string } = {},
): Promise<CommitReceipt> {
  const { text, ...input } = more;
  const cube = input.cube ?? CUBE;
  return vault.commit(commitRequest({ cube, writes: [memoryWrite(cube, { id, text })], ...input }));
}

/** The whole log. Throws where it has a gap or a head does not follow from the one before. */
export async function readLog(vault: Vault, cube: CubeRef = CUBE): Promise<LogEntry[]> {
  const log: LogEntry[] = [];
  for (;;) {
    const page = await vault.log(cube, { afterSeq: log.length, limit: 1_000 });
    log.push(...page);
    if (page.length < 1_000) break;
  }
  let head = "";
  for (const [place, entry] of log.entries()) {
    const line = `${head}\n${place + 1}\n${entry.at}\n${entry.digest}`;
    head = createHash(vault.capabilities.linkHash).update(line).digest("hex");
    if (entry.seq !== place + 1 || entry.head !== head)
      throw new Error(`the log is broken at ${entry.seq}`);
  }
  return log;
}

/** Which of these memories are there. */
export async function readIds(
  vault: Vault,
  ids: readonly string[],
  cube: CubeRef = CUBE,
): Promise<Set<string>> {
  const found = new Set<string>();
  for (let at = 0; at < ids.length; at += 1_000) {
    const page = ids.slice(at, at + 1_000);
    for (const { id } of await vault.read(cube, { access: EVERYTHING, ids: page })) found.add(id);
  }
  return found;
}
