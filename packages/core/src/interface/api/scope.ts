import { z } from "zod";

import { callerSchema, type CallerInput } from "../../flow/index.ts";
import type { MemOS } from "./mem-os.ts";
import { idSchema, parseInput } from "./options.ts";

/** Whose memory an adapter works with. */
export interface Scope {
  /** @default user "local" of tenant "default": single-user mode */
  readonly caller?: CallerInput;
  /** @default the caller's own cube, `user:<id>` */
  readonly cube?: string;
  /** The conversation; a framework's own thread id is taken where it has one. */
  readonly sessionId?: string;
  /** What is to be done, in a word: LoRAs that declare it are used, where an engine of one's own answers. */
  readonly task?: string;
}

/** A scope, or how it follows from what the framework knows of the request at hand. */
export type ScopeOption<Context> = Scope | ((context: Context) => Scope | Promise<Scope>);

/** A scope that has a caller; `caller.via` names the adapter, so that the log tells it. */
export interface ResolvedScope extends Scope {
  readonly caller: CallerInput;
}

const scopeSchema = z.strictObject(
  {
    caller: callerSchema.optional(),
    cube: idSchema.optional(),
    sessionId: idSchema.optional(),
    task: idSchema.optional(),
  },
  {
    error: ({ code, keys }) =>
      code === "unrecognized_keys"
        ? `unknown ${String(keys)}: a scope is { caller: { userId }, cube, sessionId, task }`
        : undefined,
  },
);

const osSchema = z.custom<MemOS>(
  (value) => typeof (value as MemOS | undefined)?.as === "function",
  "not a memory OS: give what createMemOS() or, awaited, open() gives",
);

/**
 * Checks what every adapter is given when it is made, so that no request is the first to find a slip. What
 * a scope function gives is checked by {@link resolveScope}.
 *
 * @param what names the adapter in the error
 * @throws MemCubeError `MEMCUBE_INVALID_INPUT`
 */
export function checkScoped(
  options: { readonly os?: unknown; readonly scope?: unknown } | undefined,
  what: string,
): void {
  const { os, scope } = options ?? {};
  parseInput(osSchema, os, `${what}.os`);
  if (scope !== undefined && typeof scope !== "function") {
    parseInput(scopeSchema, scope, `${what}.scope`);
  }
}

/**
 * Whose memory a request is about: what every adapter asks first.
 *
 * @param via name of the adapter for the log, unless the caller carries one
 * @throws MemCubeError `MEMCUBE_INVALID_INPUT`; what the scope function throws
 */
export async function resolveScope<Context>(
  scope: ScopeOption<Context> | undefined,
  context: Context,
  via: string,
): Promise<ResolvedScope> {
  const given = typeof scope === "function" ? await scope(context) : (scope ?? {});
  const { caller, ...rest } = parseInput(scopeSchema, given, "scope");
  const named: CallerInput = caller ?? { userId: "local" };
  return { ...rest, caller: { ...named, via: named.via ?? via } };
}
