import { EXIT, type ExitCode } from "./exit-codes.ts";

/** An expected end of a command other than success: a message for people and an exit code. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly exitCode: ExitCode;
  /** What to do about it, on a line of its own. */
  readonly hint: string | undefined;

  constructor(exitCode: ExitCode, message: string, hint?: string) {
    super(message);
    this.exitCode = exitCode;
    this.hint = hint;
  }
}

/** The command line was wrong. */
export function usageError(message: string, hint?: string): Failure {
  return new Failure(EXIT.usage, message, hint);
}

/** Something that was named is not there. */
export function notFound(message: string, hint?: string): Failure {
  return new Failure(EXIT.notFound, message, hint);
}

/** Ctrl-C; also the reason of the signal that the operations see. */
export function interrupted(): Failure {
  return new Failure(EXIT.interrupted, "interrupted");
}

const CODES: Readonly<Record<string, ExitCode>> = {
  MEMCUBE_CUBE_NOT_FOUND: EXIT.notFound,
  MEMCUBE_MEMORY_NOT_FOUND: EXIT.notFound,
  MEMCUBE_VERSION_NOT_FOUND: EXIT.notFound,
  MEMCUBE_POSITION_LOST: EXIT.notFound,
  MEMCUBE_INVALID_INPUT: EXIT.usage,
  ENOENT: EXIT.notFound,
};

const HINTS: Readonly<Record<string, string>> = {
  MEMCUBE_CUBE_NOT_FOUND: "`memcube cubes` lists yours, `memcube cubes create ID` makes one.",
  MEMCUBE_MEMORY_NOT_FOUND: "`memcube list` shows ids; --cube names another cube.",
  MEMCUBE_VERSION_NOT_FOUND: "`memcube history ID` shows the versions there are.",
  MEMCUBE_CONFLICT: "Somebody changed it meanwhile: look with `memcube show ID`, then decide.",
  MEMCUBE_FROZEN: "`memcube update ID --unfreeze` lets it be changed again.",
};

/** Any error as what the command says and ends with. */
export function failureFrom(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const { code, retryable, message } = fieldsOf(error);
  if (code === undefined) return new Failure(EXIT.failed, message);
  const exitCode = CODES[code] ?? (retryable ? EXIT.retryable : EXIT.failed);
  const named = code.startsWith("MEMCUBE_") ? `${message} (${code})` : message;
  const later = retryable ? "Nothing is lost: the same command may succeed later." : undefined;
  return new Failure(exitCode, named, HINTS[code] ?? later);
}

interface Fields {
  readonly code: string | undefined;
  readonly retryable: boolean;
  readonly message: string;
}

/** By shape, so that printing an error loads nothing of the library. */
function fieldsOf(error: unknown): Fields {
  if (!(error instanceof Error))
    return { code: undefined, retryable: false, message: String(error) };
  const { code, retryable } = error as { readonly code?: unknown; readonly retryable?: unknown };
  return {
    code: typeof code === "string" ? code : undefined,
    retryable: retryable === true,
    message: error.message,
  };
}
