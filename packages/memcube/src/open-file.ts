import { statSync } from "node:fs";

import { isMemCubeError, MemCubeError } from "@memcube/core";
import { type SqliteStorage, sqliteStorage, type SqliteStorageOptions } from "@memcube/sqlite";

/**
 * Opens the storage over a file, and names the file in what goes wrong: the message alone should tell
 * what to do.
 *
 * @throws TypeError for wrong options
 * @throws MemCubeError as `sqliteStorage`; `MEMCUBE_STORAGE_FAILED` for a folder
 */
export async function openFile(options: SqliteStorageOptions): Promise<SqliteStorage> {
  const { path } = options;
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) {
    throw new MemCubeError("MEMCUBE_STORAGE_FAILED", `${path} is a folder: name a file in it.`, {
      details: { path },
    });
  }
  try {
    return await sqliteStorage(options);
  } catch (error) {
    if (!isMemCubeError(error) || error.message.includes(path)) throw error;
    const { code, details, message } = error;
    throw new MemCubeError(code, `${path}: ${message}`, { details, cause: error });
  }
}
