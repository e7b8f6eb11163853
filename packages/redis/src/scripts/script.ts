import { createHash } from "node:crypto";

import { LUA_MODULES, LUA_SCRIPTS } from "./lua.generated.ts";

/**
 * Scripts are files `scripts/<verb-noun>.lua`, embedded by `scripts/embed-lua.ts` of the repository
 * into `lua.generated.ts` (a test says when that is stale). Each is the body of a function that sees
 * `KEYS` and `ARGV` and returns its reply. Its header says:
 *
 * ```lua
 * -- What it does, KEYS, ARGV, what it returns.
 * -- flags: no-writes            (where it writes nothing)
 * -- flags: allow-oom            (where it frees memory, so that a full server lets it through)
 * -- uses: <module> <module>     (files of scripts/modules)
 * ```
 *
 * A module `scripts/modules/<name>.lua` returns a table; scripts see it under its name (dashes become
 * underscores). It may use modules too. Modules hold functions, no state.
 */
export type ScriptName = keyof typeof LUA_SCRIPTS;

interface Source {
  readonly source: string;
  readonly uses: readonly string[];
}

const FLAGS: Readonly<Record<string, { readonly flags: readonly string[] }>> = LUA_SCRIPTS;

const MODULES: Readonly<Record<string, Source>> = LUA_MODULES;

function flagsOf(name: ScriptName): readonly string[] {
  return FLAGS[name]?.flags ?? [];
}

/** One script as a text for EVAL. */
export function evalSource(name: ScriptName): string {
  return [...modulesFor([name]), LUA_SCRIPTS[name].source].join("\n");
}

/** SHA-1 (hex) of a text, as EVALSHA names it. */
export function sha1(text: string): string {
  return createHash("sha1").update(text).digest("hex");
}

/**
 * All scripts as one function library. Names of library and functions hold a hash of the code, so two
 * releases can use one server at a time and none ever runs the other's code.
 */
export function functionLibrary(): FunctionLibrary {
  const names = Object.keys(LUA_SCRIPTS) as ScriptName[];
  const body = [...modulesFor(names), ...names.map(registration)].join("\n");
  const version = sha1(body).slice(0, 12);
  const library = `memcube_${version}`;
  const functions = Object.fromEntries(
    names.map((name) => [name, functionName(name).replace(VERSION, version)]),
  ) as Readonly<Record<ScriptName, string>>;
  return {
    name: library,
    code: `#!lua name=${library}\n${body.replaceAll(VERSION, version)}`,
    functionOf: (name) => functions[name],
  };
}

export interface FunctionLibrary {
  readonly name: string;
  readonly code: string;
  functionOf(name: ScriptName): string;
}

const VERSION = "@version@";

function functionName(name: ScriptName): string {
  return `memcube_${VERSION}_${name.replaceAll("-", "_")}`;
}

function registration(name: ScriptName): string {
  const { source } = LUA_SCRIPTS[name];
  const words = flagsOf(name).map((flag) => `'${flag}'`);
  const flags = words.length > 0 ? `, flags={${words.join(",")}}` : "";
  return [
    `redis.register_function{function_name='${functionName(name)}', callback=function(KEYS, ARGV)`,
    source,
    `end${flags}}`,
  ].join("\n");
}

/** Text of every module that the scripts use, each once and after those it uses itself. */
function modulesFor(names: readonly ScriptName[]): string[] {
  const done = new Map<string, string>();
  const visit = (module: string): void => {
    if (done.has(module)) return;
    const found = MODULES[module];
    if (found === undefined) throw new TypeError(`no Lua module ${module}`);
    for (const used of found.uses) visit(used);
    done.set(module, `local ${module.replaceAll("-", "_")} = (function()\n${found.source}\nend)()`);
  };
  for (const name of names) for (const module of LUA_SCRIPTS[name].uses) visit(module);
  return [...done.values()];
}
