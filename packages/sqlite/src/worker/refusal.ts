import type { ErrorCode } from "@memcube/core";

/**
 * Why a command was not done, as the caller will read it. The thread knows no `MemCubeError`: loading
 * core there would cost more than opening the database.
 */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

/** For calls that need a cube. */
export function cubeNotFound(cubeId: string): Refusal {
  return new Refusal("MEMCUBE_CUBE_NOT_FOUND", "There is no cube of this id.", { cubeId });
}
