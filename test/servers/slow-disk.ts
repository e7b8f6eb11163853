import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import type { RedisBinary } from "./redis-binary.ts";

/** Between the server and the C library: what a thread in the background wants to be on disk takes long. */
const SOURCE = `
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>
int fdatasync(int file) {
  if (syscall(SYS_gettid) != getpid()) usleep(DELAY_MS * 1000);
  return syscall(SYS_fdatasync, file);
}
`;

/** A server whose disk is slow: what differs from one on this machine's is only how long a sync takes. */
export interface SlowDisk {
  readonly binary: RedisBinary;
  remove(): Promise<void>;
}

/** Puts `binary` before a disk that takes `syncMs`. @returns `undefined` where there is no C compiler, or no Linux */
export async function slowDisk(binary: RedisBinary, syncMs: number): Promise<SlowDisk | undefined> {
  if (process.platform !== "linux") return undefined;
  const folder = await mkdtemp(join(tmpdir(), "memcube-slow-disk-"));
  const remove = () => rm(folder, { recursive: true, force: true });
  const [source, library] = [join(folder, "slow.c"), join(folder, "slow.so")];
  await writeFile(source, SOURCE);
  const args = ["-shared", "-fPIC", `-DDELAY_MS=${syncMs}`, "-o", library, source];
  try {
    await promisify(execFile)("cc", args);
  } catch (error) {
    await remove();
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  return { binary: { ...binary, env: { ...binary.env, LD_PRELOAD: library } }, remove };
}
