import type { StoragePlace } from "@memcube/conformance";
import type { Storage } from "@memcube/core";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A place that is a folder of its own with one database file and its blobs. */
export async function makeDirectoryPlace(
  open: (path: string) => Promise<Storage>,
): Promise<StoragePlace> {
  const directory = await mkdtemp(join(tmpdir(), "memcube-sqlite-"));
  const path = join(directory, "memory.db");
  return {
    shared: true,
    open: () => open(path),
    destroy: () => rm(directory, { recursive: true, force: true }),
    damageBlob: async (_tenantId, hash) => {
      const names = await readdir(`${path}.blobs`, { recursive: true });
      const name = names.find((each) => each.endsWith(hash));
      if (name === undefined) throw new Error(`no blob ${hash}`);
      await writeFile(join(`${path}.blobs`, name), "something else");
    },
  };
}
