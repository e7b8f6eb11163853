import { execFile, execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A browser program and what its process needs in the environment. */
export interface ChromiumBinary {
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
  /** As `--version` says it: `156.0.8078.79`. */
  readonly version: string;
}

type Found = ChromiumBinary | { readonly missing: string };

const CACHE = fileURLToPath(new URL("../../.cache/chromium", import.meta.url));

const HOW_TO = "no chromium: install it (apt-get install chromium) or set MEMCUBE_CHROMIUM";

let found: Promise<Found> | undefined;

/**
 * The Chromium to test with: `MEMCUBE_CHROMIUM`, that of the PATH, or Debian's packages unpacked into
 * `.cache/chromium` of the checkout, which needs no root and installs nothing.
 */
export function findChromium(): Promise<Found> {
  found ??= search();
  return found;
}

async function search(): Promise<Found> {
  const named = process.env["MEMCUBE_CHROMIUM"];
  if (named !== undefined)
    return probe(named, {}) ?? { missing: `MEMCUBE_CHROMIUM does not run: ${named}` };
  for (const path of ["chromium", "chromium-browser", "google-chrome"].flatMap(onPath)) {
    const installed = probe(path, {});
    if (installed !== undefined) return installed;
  }
  const { path, env } = unpackedBinary();
  const cached = existsSync(path) ? probe(path, env) : undefined;
  if (cached !== undefined) return cached;
  try {
    await unpack();
  } catch (error) {
    const [why = ""] = String(error).split("\n", 1);
    return { missing: `${HOW_TO} (${why})` };
  }
  return probe(path, env) ?? { missing: HOW_TO };
}

/** Where a program of this name lies: a browser is started by its whole path. */
function onPath(name: string): string[] {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return folders.map((folder) => join(folder, name)).filter((path) => existsSync(path));
}

function probe(path: string, env: Readonly<Record<string, string>>): ChromiumBinary | undefined {
  try {
    const said = execFileSync(path, ["--version", "--no-sandbox"], {
      env: { ...process.env, ...env },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    const version = /(\d+\.\d+\.\d+\.\d+)/.exec(said)?.[1];
    return version === undefined ? undefined : { path, env, version };
  } catch {
    return undefined;
  }
}

function unpackedBinary() {
  const root = join(CACHE, "root");
  const libraries = ["usr/lib", "lib"].flatMap((folder) =>
    ["x86_64-linux-gnu", "aarch64-linux-gnu"].flatMap((arch) => [
      join(root, folder, arch),
      join(root, folder, arch, "pulseaudio"),
    ]),
  );
  return {
    path: join(root, "usr/lib/chromium/chromium"),
    env: { LD_LIBRARY_PATH: libraries.join(":") },
  };
}

/**
 * Fetches and unpacks Chromium and what it needs of what this system has not installed: some 110 MB.
 * Two test processes may do so at a time: the last rename wins.
 */
async function unpack(): Promise<void> {
  const wanted = ["install", "--simulate", "--no-install-recommends", "chromium"];
  const { stdout } = await run("apt-get", wanted, { env: { ...process.env, LC_ALL: "C" } });
  const packages = [...stdout.matchAll(/^Inst (\S+)/gm)].map(([, name = ""]) => name);
  const work = join(CACHE, `new-${process.pid}`);
  await mkdir(join(work, "root"), { recursive: true });
  try {
    await run("apt-get", ["download", ...packages], { cwd: work, timeout: 180_000 });
    const archives = (await readdir(work)).filter((name) => name.endsWith(".deb"));
    for (const archive of archives) await run("dpkg", ["-x", archive, "root"], { cwd: work });
    await rm(join(CACHE, "root"), { recursive: true, force: true });
    await rename(join(work, "root"), join(CACHE, "root"));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
