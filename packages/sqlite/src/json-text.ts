import { type JsonObject, MemCubeError } from "@memcube/core";

/** Reads an object that this driver wrote as JSON. @throws MemCubeError `MEMCUBE_STORAGE_DAMAGED` */
export function readObject(text: string): JsonObject {
  const value = parsed(text);
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as JsonObject;
  throw damaged();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw damaged(cause);
  }
}

function damaged(cause?: unknown): MemCubeError {
  const why = "A row of the database is not what was written. Restore a backup.";
  return new MemCubeError("MEMCUBE_STORAGE_DAMAGED", why, { cause });
}
