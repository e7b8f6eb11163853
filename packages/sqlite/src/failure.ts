import { MemCubeError } from "@memcube/core";

import type { Failure } from "./protocol.ts";

/** The error that a thread told of. */
export function errorOf({ code, message, details, cause }: Failure): MemCubeError {
  return new MemCubeError(code, message, {
    details,
    ...(cause === undefined ? {} : { cause: new Error(cause) }),
  });
}

export function closedError(): MemCubeError {
  return new MemCubeError("MEMCUBE_CLOSED", "The storage is closed.");
}
