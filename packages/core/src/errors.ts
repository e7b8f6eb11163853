/**
 * Every error code memcube raises, and whether the same call may succeed when it is tried again
 * unchanged. Codes are never renamed; messages may change. `docs/errors.md` has a heading for each.
 */
export const ERROR_CODES = {
  MEMCUBE_INVALID_INPUT: { retryable: false },
  MEMCUBE_CUBE_NOT_FOUND: { retryable: false },
  MEMCUBE_CUBE_EXISTS: { retryable: false },
  MEMCUBE_MEMORY_NOT_FOUND: { retryable: false },
  MEMCUBE_VERSION_NOT_FOUND: { retryable: false },
  MEMCUBE_CONFLICT: { retryable: false },
  MEMCUBE_DUPLICATE_KEY: { retryable: false },
  MEMCUBE_FORBIDDEN: { retryable: false },
  MEMCUBE_FROZEN: { retryable: false },
  MEMCUBE_BAD_TRANSITION: { retryable: false },
  MEMCUBE_READ_ONLY: { retryable: false },
  MEMCUBE_POSITION_LOST: { retryable: false },
  MEMCUBE_LIMIT_EXCEEDED: { retryable: false },
  MEMCUBE_NOT_SUPPORTED: { retryable: false },
  MEMCUBE_LEASE_LOST: { retryable: false },
  MEMCUBE_EMBEDDER_FAILED: { retryable: true },
  MEMCUBE_MODEL_INVALID: { retryable: false },
  MEMCUBE_MODEL_UNAVAILABLE: { retryable: true },
  MEMCUBE_LORA_INVALID: { retryable: false },
  MEMCUBE_ENGINE_FAILED: { retryable: false },
  MEMCUBE_BUSY: { retryable: true },
  MEMCUBE_CLOSED: { retryable: false },
  MEMCUBE_BLOB_DAMAGED: { retryable: false },
  MEMCUBE_STORAGE_DAMAGED: { retryable: false },
  MEMCUBE_STORAGE_FAILED: { retryable: false },
  MEMCUBE_STORAGE_FULL: { retryable: true },
  MEMCUBE_STORAGE_NEWER: { retryable: false },
  MEMCUBE_STORAGE_READ_ONLY: { retryable: false },
  MEMCUBE_STORAGE_UNREACHABLE: { retryable: true },
} as const satisfies Record<`MEMCUBE_${string}`, { retryable: boolean }>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** What an error carries beside its code: ids, numbers and hints; never a memory's text. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

/**
 * The one error class of memcube. Recognise it by {@link MemCubeError.code} (or
 * {@link isMemCubeError}), not by `instanceof`: two copies of the package may be loaded.
 */
export class MemCubeError extends Error {
  override readonly name = "MemCubeError";
  readonly code: ErrorCode;
  /** Whether the same call may succeed later without a change by the caller. */
  readonly retryable: boolean;
  readonly details: ErrorDetails;

  constructor(
    code: ErrorCode,
    message: string,
    options: { details?: ErrorDetails; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = ERROR_CODES[code].retryable;
    this.details = options.details ?? {};
  }
}

/** Whether `value` is a {@link MemCubeError}, by shape; with `code`, whether it has that code. */
export function isMemCubeError(value: unknown, code?: ErrorCode): value is MemCubeError {
  if (!(value instanceof Error) || value.name !== "MemCubeError") return false;
  const found = (value as { code?: unknown }).code;
  return (
    typeof found === "string" && found in ERROR_CODES && (code === undefined || found === code)
  );
}
