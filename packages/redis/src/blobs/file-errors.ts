import { type ErrorCode, MemCubeError } from "@memcube/core";

const CODES: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  ENOSPC: [
    "MEMCUBE_STORAGE_FULL",
    "The disk is full. Nothing acknowledged is lost; free some space.",
  ],
  EDQUOT: ["MEMCUBE_STORAGE_FULL", "The disk quota is used up. Nothing acknowledged is lost."],
  EROFS: ["MEMCUBE_STORAGE_READ_ONLY", "The blob directory is read-only."],
  EACCES: ["MEMCUBE_STORAGE_READ_ONLY", "Access to the blob directory was denied."],
  EPERM: ["MEMCUBE_STORAGE_READ_ONLY", "Access to the blob directory was denied."],
  EMFILE: ["MEMCUBE_BUSY", "The process has too many files open; try again."],
  ENFILE: ["MEMCUBE_BUSY", "The system has too many files open; try again."],
};

/** Error code of a native file error, `ENOENT` for example; `undefined` for other errors. */
function fileErrorCode(error: unknown): string | undefined {
  const code = (error as { readonly code?: unknown } | undefined)?.code;
  return typeof code === "string" ? code : undefined;
}

/** A file error as an error of memcube; those of memcube pass through. */
export function fileError(error: unknown, path: string): Error {
  if (error instanceof Error && error.name === "MemCubeError") return error;
  const [code, message] = CODES[fileErrorCode(error) ?? ""] ?? [
    "MEMCUBE_STORAGE_FAILED",
    "A file of the storage could not be read or written.",
  ];
  return new MemCubeError(code, message, { details: { path }, cause: error });
}

/** A file that is not there is `undefined`, no error. */
export async function orUndefined<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (error) {
    const code = fileErrorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}
