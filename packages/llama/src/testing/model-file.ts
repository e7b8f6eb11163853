import { randomUUID } from "node:crypto";
import { access, mkdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Raised when the same specification gives another file than before. */
const GENERATOR_VERSION = 1;

/** Makes a file once: found when it is there, whole when it appears. */
export async function madeOnce(
  name: string,
  directory: string | undefined,
  make: (path: string) => Promise<unknown>,
): Promise<string> {
  const folder = directory ?? join(tmpdir(), "memcube-test-models");
  const path = join(folder, `${name}-v${GENERATOR_VERSION}.gguf`);
  const there = await access(path).then(
    () => true,
    () => false,
  );
  if (there) return path;
  await mkdir(folder, { recursive: true });
  const beside = `${path}.${randomUUID()}`;
  try {
    await make(beside);
    await rename(beside, path);
  } finally {
    await rm(beside, { force: true });
  }
  return path;
}
