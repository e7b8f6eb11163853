import { open, rm, stat } from "node:fs/promises";
import { join } from "node:path";

import { claimsFolder } from "./claim-file.ts";
import { isCode, makeFolder, namesIn } from "./files.ts";
import { HashedFiles } from "./hashed-files.ts";
import { removeLeftover } from "./leftovers.ts";
import type { Link } from "./link.ts";
import { planEviction } from "./plan-eviction.ts";
import { SCOPE_FOLDER, type ScopeStore } from "./scope-store.ts";
import { readUses } from "./uses.ts";

/** Evicting goes so far below the budget, so that it is not begun again at once. */
const LOW_WATER = 0.9;
/** A collector that holds the lock longer is dead. */
const LOCK_MS = 60_000;

export interface Collected {
  /** Bytes of pages before and after. */
  readonly beforeBytes: number;
  readonly afterBytes: number;
  readonly removedPages: number;
  /** Files that belonged to nothing. */
  readonly removedFiles: number;
}

export interface CollectInput {
  readonly directory: string;
  readonly scopes: readonly ScopeStore[];
  readonly budgetBytes: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Whether pages lie in files here; those of a blob store may be somebody else's. */
  readonly ownsPages: boolean;
  readonly pinned?: ReadonlySet<string>;
}

/**
 * Brings the folder under its budget and removes what belongs to nothing. One process at a time;
 * `undefined` while another one does it.
 */
export async function collect(input: CollectInput): Promise<Collected | undefined> {
  const release = await lock(input.directory, input.now);
  if (release === undefined) return undefined;
  try {
    return await collectLocked(input);
  } finally {
    await release();
  }
}

async function collectLocked(input: CollectInput): Promise<Collected> {
  const { directory, scopes, budgetBytes, now, ownsPages, pinned } = input;
  const owners = new Map<string, ScopeStore>();
  const links: Link[] = [];
  const uses = [];
  for (const scope of scopes) {
    for await (const link of scope.allLinks()) {
      links.push(link);
      owners.set(link.key, scope);
    }
    uses.push(...(await readUses(scope.folder, join(directory, "new"))));
  }
  const beforeBytes = sum(links);
  const targetBytes = beforeBytes > budgetBytes ? budgetBytes * LOW_WATER : budgetBytes;
  const dropped = planEviction({
    links,
    uses,
    targetBytes,
    now,
    ...(pinned === undefined ? {} : { pinned }),
  });
  const goes = new Set(dropped.map(({ key }) => key));
  const kept = new Set(links.filter(({ key }) => !goes.has(key)).map(({ page }) => page));
  for (const { key, page } of dropped) {
    const scope = owners.get(key);
    await scope?.unlink(key);
    if (!kept.has(page)) await scope?.pages.remove(page);
  }
  const leftovers = (await sweep(directory, scopes, now)) + (await sweepFolders(input));
  const strays = ownsPages ? await sweepPages(directory, scopes, kept, now) : 0;
  return {
    beforeBytes,
    afterBytes: beforeBytes - sum(dropped),
    removedPages: dropped.length,
    removedFiles: leftovers + strays,
  };
}

/** Half-written files and claims, when they are old enough to belong to nobody. */
async function sweep(
  directory: string,
  scopes: readonly ScopeStore[],
  now: number,
): Promise<number> {
  let removed = 0;
  const folders = [
    join(directory, "new"),
    ...scopes.map(({ claimPlace }) => claimsFolder(claimPlace)),
  ];
  for (const folder of folders) {
    for (const name of await namesIn(folder)) removed += await countOld(join(folder, name), now);
  }
  return removed;
}

/** Folders of no scope: one was dropped while a process wrote into it, which then died. */
async function sweepFolders({ directory, scopes, now }: CollectInput): Promise<number> {
  const named = new Set(scopes.map(({ folder }) => folder));
  let removed = 0;
  for (const name of await namesIn(directory)) {
    const folder = join(directory, name);
    if (SCOPE_FOLDER.test(name) && !named.has(folder)) removed += await countOld(folder, now);
  }
  return removed;
}

/** Pages without a link, when no writer can be about to make one. */
async function sweepPages(
  directory: string,
  scopes: readonly ScopeStore[],
  kept: ReadonlySet<string>,
  now: number,
): Promise<number> {
  let removed = 0;
  for (const { folder } of scopes) {
    const pages = join(folder, "pages");
    for await (const page of new HashedFiles(pages, join(directory, "new")).list()) {
      if (!kept.has(page)) removed += await countOld(join(pages, page.slice(0, 2), page), now);
    }
  }
  return removed;
}

async function countOld(path: string, now: number): Promise<number> {
  return (await removeLeftover(path, now)) ? 1 : 0;
}

async function lock(directory: string, now: number): Promise<(() => Promise<void>) | undefined> {
  const path = join(directory, "collecting");
  await makeFolder(directory);
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      await (await open(path, "wx", 0o600)).close();
      return async () => await rm(path, { force: true });
    } catch (error) {
      if (!isCode(error, "EEXIST")) throw error;
    }
    const age = await stat(path).then(
      // Also a lock of the future, from before a clock was set back, is void.
      ({ mtimeMs }) => Math.abs(now - mtimeMs),
      () => Infinity,
    );
    if (age < LOCK_MS) return undefined;
    await rm(path, { force: true });
  }
  return undefined;
}

function sum(links: readonly { readonly storedBytes: number }[]): number {
  return links.reduce((total, { storedBytes }) => total + storedBytes, 0);
}
