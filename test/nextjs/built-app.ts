import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";

import { ROOT } from "../../scripts/published.ts";
import { mustRun, packWorkspace } from "../toolchain/packed-workspace.ts";

const EXAMPLE = join(ROOT, "examples/nextjs-chat");
/** Not of the example, but in its folder. */
const LEFT_OUT = new Set(["node_modules", ".next", "next-env.d.ts", ".gitignore"]);

/** The example as its own project: built with the packed packages, outside of the workspace. */
export interface BuiltApp {
  readonly directory: string;
  /** The program `next`. */
  readonly next: string;
  remove(): void;
}

/**
 * Copies the example, installs the packages' tarballs into it and builds it. It lies within the
 * checkout, because the bundler follows no link that leads out of its root.
 */
export function buildApp(): BuiltApp {
  const directory = join(ROOT, ".cache/nextjs-chat", String(process.pid));
  const remove = () => rmSync(directory, { recursive: true, force: true });
  remove();
  mkdirSync(join(directory, "node_modules"), { recursive: true });
  cpSync(EXAMPLE, directory, {
    recursive: true,
    filter: (source) => !LEFT_OUT.has(basename(source)),
  });
  withoutSources(join(directory, "tsconfig.json"));
  installTarballs(directory);
  linkOthers(join(EXAMPLE, "node_modules"), join(directory, "node_modules"));
  linkOthers(join(ROOT, "packages/redis/node_modules"), join(directory, "node_modules"));
  const next = join(directory, "node_modules/next/dist/bin/next");
  const { status, stdout, stderr } = spawnSync(process.execPath, [next, "build"], {
    cwd: directory,
    env: nextEnv(),
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`next build ended with ${status}: ${stdout}${stderr}`);
  return { directory, next, remove };
}

/** The environment of a user's shell: no test runner in it, and nothing sent to anybody. */
export function nextEnv(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(VITEST|NODE_ENV$|NODE_OPTIONS$|MEMCUBE_|OPENAI_|npm_)/i.test(name),
  );
  return {
    ...Object.fromEntries(kept),
    NODE_ENV: "production",
    NEXT_TELEMETRY_DISABLED: "1",
    ...more,
  };
}

/** As somebody else has it: with the packages' declarations, not their sources. */
function withoutSources(config: string): void {
  const text = readFileSync(config, "utf8");
  const changed = text.replace(/^.*(@memcube\/source|leave it out elsewhere).*\n/gm, "");
  if (changed === text) throw new Error("tsconfig.json of the example has no source condition");
  writeFileSync(config, changed);
}

function installTarballs(directory: string): void {
  const { directory: tarballs, packed } = packWorkspace();
  for (const { name, tarball } of packed) {
    const target = join(directory, "node_modules", name);
    mkdirSync(target, { recursive: true });
    mustRun("tar", ["-xzf", tarball, "-C", target, "--strip-components", "1"], directory);
  }
  rmSync(tarballs, { recursive: true, force: true });
}

/** What the packages and the example need from others is linked from the workspace's own install. */
function linkOthers(from: string, to: string): void {
  for (const entry of readdirSync(from)) {
    if (entry.startsWith(".")) continue;
    const names = entry.startsWith("@")
      ? readdirSync(join(from, entry)).map((name) => `${entry}/${name}`)
      : [entry];
    for (const name of names) link(join(from, name), join(to, name));
  }
}

function link(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  try {
    symlinkSync(realpathSync(from), to, "junction");
  } catch (error) {
    // A tarball, or another's link of the same name, is there already.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}
