import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "vitest";

const ROOT = dirname(dirname(import.meta.dirname));

/** From sources, as the tests themselves. */
export const FROM_SOURCE = "--conditions=@memcube/source";
export const CLI = join(ROOT, "packages/memcube/src/cli.ts");

/** Compiled sources, kept between processes: each of them starts in less than half the time. */
const COMPILED = join(tmpdir(), "memcube-e2e-compiled");

/** What a process said and how it ended. */
export interface Said {
  readonly code: number | null;
  readonly out: string;
  readonly errors: string;
}

export interface RunOptions {
  readonly cwd: string;
  /** What comes through standard input. @default nothing */
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A new empty folder that is removed with `remove()`. */
export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "memcube-e2e-")));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Starts node with a file of the repository; nobody's settings leak in. */
export function start(
  args: readonly string[],
  { cwd, env = {} }: Omit<RunOptions, "input">,
): ChildProcessWithoutNullStreams {
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(MEMCUBE_|NODE_OPTIONS|NO_COLOR|FORCE_)/.test(name),
    ),
  );
  return spawn(process.execPath, [FROM_SOURCE, ...args], {
    cwd,
    env: { ...inherited, NODE_COMPILE_CACHE: COMPILED, MEMCUBE_USER: "ada", ...env },
  });
}

/** Waits for a process and collects what it says. */
export async function ended(child: ChildProcessWithoutNullStreams): Promise<Said> {
  let out = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject).once("close", resolve);
  });
  return { code, out, errors };
}

/** Runs a file of the repository in a process of its own. */
export async function runFile(args: readonly string[], options: RunOptions): Promise<Said> {
  const child = start(args, options);
  child.stdin.end(options.input ?? "");
  return await ended(child);
}

/** Runs the `memcube` command. */
export async function memcube(options: RunOptions, ...args: readonly string[]): Promise<Said> {
  return await runFile([CLI, ...args], options);
}

/** Lines of an output, blank ones left out. */
export function lines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}

/** Values of JSON lines. */
export function json(text: string): unknown[] {
  return lines(text).map((line) => JSON.parse(line) as unknown);
}

/** The command in a folder, on behalf of ada. */
export function commandIn(cwd: string) {
  const here: RunOptions = { cwd };
  const run = async (...args: readonly string[]): Promise<Said> => await memcube(here, ...args);
  /** Runs a command that must succeed; returns the lines of its result. */
  const ok = async (...args: readonly string[]): Promise<string[]> => {
    const { code, out, errors } = await run(...args);
    expect({ code, errors, args }).toMatchObject({ code: 0 });
    return lines(out);
  };
  /** The first value of a command that must succeed, with --json. */
  const value = async <T>(...args: readonly string[]): Promise<T> => {
    const [first = "undefined"] = await ok(...args, "--json");
    return JSON.parse(first) as T;
  };
  return { here, run, ok, value };
}
