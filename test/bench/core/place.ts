import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createMemOS, type MemOS, type MemOSOptions } from "@memcube/core";
import { sqliteStorage } from "@memcube/sqlite";

export type Durability = "power" | "process";

/** Runs work with a fresh directory that is gone afterwards. */
export async function withDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), "memcube-bench-"));
  try {
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The embedded default on a file. */
export async function openAt(
  path: string,
  options: Partial<MemOSOptions> & { readonly durability?: Durability } = {},
): Promise<MemOS> {
  const { durability = "power", ...rest } = options;
  return createMemOS({ ...rest, storage: await sqliteStorage({ path, durability }) });
}
