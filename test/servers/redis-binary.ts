import { execFile, execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, chmod, mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A server program and what its process needs in the environment. */
export interface RedisBinary {
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
  /** As `--version` says it: `7.0.15`. */
  readonly version: string;
}

type Found = RedisBinary | { readonly missing: string };

const CACHE = fileURLToPath(new URL("../../.cache/redis", import.meta.url));

/** Debian packages that hold the server and the libraries it needs; it lies in redis-tools. */
const PACKAGES = [
  "redis-tools",
  "libjemalloc2",
  "liblzf1",
  "libatomic1",
  "liblua5.1-0",
  "lua-bitop",
  "lua-cjson",
  "libhiredis0.14",
];

let found: Promise<Found> | undefined;

/**
 * The redis-server to test with: `MEMCUBE_REDIS_SERVER`, that of the PATH, or Debian's packages
 * unpacked into `.cache/redis` of the checkout, which needs no root and installs nothing.
 */
export function findRedis(): Promise<Found> {
  found ??= search();
  return found;
}

/** The valkey-server of `MEMCUBE_VALKEY_SERVER` or the PATH. */
export function findValkey(): Found {
  const path = process.env["MEMCUBE_VALKEY_SERVER"] ?? "valkey-server";
  return probe(path, {}) ?? { missing: "no valkey-server (MEMCUBE_VALKEY_SERVER, or in the PATH)" };
}

async function search(): Promise<Found> {
  const named = process.env["MEMCUBE_REDIS_SERVER"];
  if (named !== undefined)
    return probe(named, {}) ?? { missing: `MEMCUBE_REDIS_SERVER does not run: ${named}` };
  const installed = probe("redis-server", {});
  if (installed !== undefined) return installed;
  const unpacked = unpackedBinary();
  if (existsSync(unpacked.path)) {
    const cached = probe(unpacked.path, unpacked.env);
    if (cached !== undefined) return cached;
  }
  try {
    await unpack();
  } catch (error) {
    const [why = ""] = String(error).split("\n", 1);
    return { missing: `${HOW_TO} (${why})` };
  }
  return probe(unpacked.path, unpacked.env) ?? { missing: HOW_TO };
}

const HOW_TO =
  "no redis-server: install it (apt-get install redis-server) or set MEMCUBE_REDIS_SERVER";

function probe(path: string, env: Readonly<Record<string, string>>): RedisBinary | undefined {
  try {
    const stdio: ["ignore", "pipe", "ignore"] = ["ignore", "pipe", "ignore"];
    const options = { env: { ...process.env, ...env }, encoding: "utf8", stdio } as const;
    const version = /v=(\S+)/.exec(execFileSync(path, ["--version"], options))?.[1];
    return version === undefined ? undefined : { path, env, version };
  } catch {
    return undefined;
  }
}

function unpackedBinary() {
  const libraries = ["usr/lib", "lib"].flatMap((folder) =>
    ["x86_64-linux-gnu", "aarch64-linux-gnu"].map((arch) => join(CACHE, "root", folder, arch)),
  );
  return {
    path: join(CACHE, "redis-server"),
    env: { LD_LIBRARY_PATH: libraries.join(":") },
  };
}

/** Fetches and unpacks the packages. Two test processes may do so at a time: the last rename wins. */
async function unpack(): Promise<void> {
  const work = join(CACHE, `new-${process.pid}`);
  await mkdir(join(work, "root"), { recursive: true });
  try {
    await run("apt-get", ["download", ...PACKAGES], { cwd: work, timeout: 60_000 });
    const archives = (await readdir(work)).filter((name) => name.endsWith(".deb"));
    for (const archive of archives) await run("dpkg", ["-x", archive, "root"], { cwd: work });
    await rm(join(CACHE, "root"), { recursive: true, force: true });
    await rename(join(work, "root"), join(CACHE, "root"));
    // Debian installs the server as redis-check-rdb, which acts by the name it is called by.
    const server = join(CACHE, `redis-server-${process.pid}`);
    await copyFile(join(CACHE, "root/usr/bin/redis-check-rdb"), server);
    await chmod(server, 0o755);
    await rename(server, join(CACHE, "redis-server"));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
