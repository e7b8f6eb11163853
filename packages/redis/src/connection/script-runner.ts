import {
  evalSource,
  type FunctionLibrary,
  functionLibrary,
  type ScriptName,
  sha1,
} from "../scripts/script.ts";
import type { Argument, Reply } from "./connection.ts";
import type { Sender } from "./native-client.ts";
import { isErrorReply, replyCode } from "./native-errors.ts";

/** Runs scripts: as functions of a library where the server allows it, else through EVALSHA. */
export interface ScriptRunner {
  readonly functions: boolean;
  run(
    script: ScriptName,
    keys: readonly [string, ...string[]],
    args: readonly Argument[],
    buffers: boolean,
  ): Promise<Reply>;
}

/** Loads the library on every master; falls back to EVALSHA where functions are forbidden. */
export async function makeScriptRunner(
  sender: Sender,
  options: { readonly functions: boolean },
): Promise<ScriptRunner> {
  if (!options.functions) return evalRunner(sender);
  const library = functionLibrary();
  try {
    await loadLibrary(sender, library.code);
  } catch (error) {
    if (isErrorReply(error) && isForbidden(replyCode(error))) return evalRunner(sender);
    throw error;
  }
  return functionRunner(sender, library);
}

/** "ERR unknown command" before 7.0; NOPERM by an ACL. */
function isForbidden(code: string): boolean {
  return code === "ERR" || code === "NOPERM" || code === "";
}

async function loadLibrary(sender: Sender, code: string): Promise<void> {
  // The name holds a hash of the code: replacing a library replaces it by itself.
  await sender.sendToMasters(["FUNCTION", "LOAD", "REPLACE", code]);
}

function functionRunner(sender: Sender, library: FunctionLibrary): ScriptRunner {
  let loading: Promise<void> | undefined;
  const reload = async (): Promise<void> => {
    loading ??= loadLibrary(sender, library.code).finally(() => {
      loading = undefined;
    });
    await loading;
  };
  return {
    functions: true,
    run: (script, keys, args, buffers) => {
      const call = ["FCALL", library.functionOf(script), String(keys.length), ...keys, ...args];
      return sender.send(keys[0], call, buffers).catch(async (error: unknown) => {
        if (!isMissingFunction(error)) throw error;
        await reload();
        return await sender.send(keys[0], call, buffers);
      });
    },
  };
}

/** After FUNCTION FLUSH, or on a master that came up empty. Redis has no code of its own for it. */
function isMissingFunction(error: unknown): boolean {
  return isErrorReply(error) && error.message.startsWith("ERR Function not found");
}

/** Redis 7 refuses nothing of a script without a shebang; reads go on when memory is full. */
function evalRunner(sender: Sender): ScriptRunner {
  const sources = new Map<ScriptName, { readonly source: string; readonly sha: string }>();
  const sourceOf = (script: ScriptName) => {
    let known = sources.get(script);
    if (known === undefined) {
      const source = evalSource(script);
      known = { source, sha: sha1(source) };
      sources.set(script, known);
    }
    return known;
  };
  return {
    functions: false,
    run: async (script, keys, args, buffers) => {
      const { source, sha } = sourceOf(script);
      const rest = [String(keys.length), ...keys, ...args];
      try {
        return await sender.send(keys[0], ["EVALSHA", sha, ...rest], buffers);
      } catch (error) {
        if (!isErrorReply(error) || replyCode(error) !== "NOSCRIPT") throw error;
        return await sender.send(keys[0], ["EVAL", source, ...rest], buffers);
      }
    },
  };
}
