import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { publishedPackages, ROOT } from "../../scripts/published.ts";

/** What `package.json` says in the tarball, as far as it is read here. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly type?: string;
  readonly license?: string;
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
  readonly engines?: Readonly<Record<string, string>>;
}

export interface PackedPackage {
  readonly name: string;
  /** Absolute path of the `.tgz`. */
  readonly tarball: string;
  /** Paths in it, without the leading `package/`. */
  readonly files: readonly string[];
  /** The folder it was packed from. */
  readonly source: string;
}

export interface Outcome {
  readonly status: number | null;
  readonly output: string;
  /** Standard output and error. */
  readonly said: string;
}

/** Runs a command outside the workspace's settings: npm and pnpm hand theirs down as variables. */
export function run(command: string, args: readonly string[], cwd: string): Outcome {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm_|pnpm_|NODE_OPTIONS$)/i.test(name)),
  );
  const shell = process.platform === "win32" && !command.endsWith(".exe");
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    env,
    shell,
    encoding: "utf8",
  });
  const said = error === undefined ? `${stdout}${stderr}` : error.message;
  return { status, output: stdout, said };
}

/** As {@link run}; gives the standard output, and throws what was said when the command fails. */
export function mustRun(command: string, args: readonly string[], cwd: string): string {
  const { status, output, said } = run(command, args, cwd);
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}: ${said}`);
  return output;
}

/** Builds and packs every published package into a new folder. */
export function packWorkspace(): { readonly directory: string; readonly packed: PackedPackage[] } {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), "memcube-packed-")));
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  const sources = publishedPackages();
  mustRun(process.execPath, [tsc, "-b", ...sources.map((source) => source.directory)], ROOT);
  mustRun(process.execPath, [join(ROOT, "scripts/prune-dist.ts")], ROOT);
  const filters = sources.flatMap(({ name }) => ["--filter", name]);
  const report = pnpm(["-r", ...filters, "pack", "--pack-destination", directory, "--json"]);
  const list = JSON.parse(report) as readonly {
    readonly name: string;
    readonly filename: string;
    readonly files: readonly { readonly path: string }[];
  }[];
  const packed = list.map(({ name, filename, files }) => {
    const source = sources.find((candidate) => candidate.name === name)?.directory;
    if (source === undefined) throw new Error(`${name} was packed but is not published`);
    return { name, tarball: filename, files: files.map(({ path }) => path), source };
  });
  return { directory, packed };
}

/** The pnpm that started this run, or the one that npx finds. */
function pnpm(args: readonly string[]): string {
  const started = process.env.npm_execpath;
  if (started !== undefined && /[\\/]pnpm(\.exe)?$/.test(started))
    return mustRun(started, args, ROOT);
  return mustRun("npx", ["--yes", "pnpm@12", ...args], ROOT);
}

/**
 * Makes an empty project that depends on the tarballs and installs it with npm, with no network: what
 * the packages need from others is linked from the workspace's own install.
 */
export function installPacked(directory: string, packed: readonly PackedPackage[]): string {
  const project = join(directory, "consumer");
  mkdirSync(project);
  const dependencies: Record<string, string> = { "@types/node": linkOf("@types/node", ROOT) };
  for (const { source } of packed) {
    const manifest = readManifest(source);
    const optional = manifest.peerDependenciesMeta ?? {};
    const wanted = { ...manifest.dependencies, ...manifest.peerDependencies };
    for (const name of Object.keys(wanted)) {
      if (optional[name]?.optional !== true) dependencies[name] = linkOf(name, source);
    }
  }
  for (const { name, tarball } of packed) dependencies[name] = `file:${tarball}`;
  const manifest = { name: "consumer", private: true, type: "module", dependencies };
  writeFileSync(join(project, "package.json"), JSON.stringify(manifest, undefined, 2));
  mustRun("npm", ["install", "--offline", "--no-audit", "--no-fund", "--ignore-scripts"], project);
  return project;
}

/** Where `name` lies for a package of the workspace. */
function linkOf(name: string, from: string): string {
  for (const folder of createRequire(join(from, "package.json")).resolve.paths(name) ?? []) {
    try {
      return `file:${realpathSync(join(folder, name))}`;
    } catch {
      continue;
    }
  }
  throw new Error(`${name} is not installed for ${from}`);
}

export function readManifest(directory: string): Manifest {
  return JSON.parse(readFileSync(join(directory, "package.json"), "utf8")) as Manifest;
}

/**
 * The node binaries to try: this one, and those named in `MEMCUBE_TEST_NODES` (absolute paths, with the
 * platform's path separator between them).
 */
export function nodes(): readonly string[] {
  const separator = process.platform === "win32" ? ";" : ":";
  const named = (process.env.MEMCUBE_TEST_NODES ?? "")
    .split(separator)
    .filter((path) => path !== "");
  return [process.execPath, ...named];
}

/** The folder of an installed package in the consumer's project. */
export function installed(project: string, name: string): string {
  return dirname(realpathSync(join(project, "node_modules", name, "package.json")));
}
