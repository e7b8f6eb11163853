import { describe } from "vitest";

import { findRedis, findValkey, type RedisBinary } from "./redis-binary.ts";

const redis = await findRedis();
const valkey = findValkey();

/** Tests with a redis-server; without one they are skipped, and the title says how to get one. */
export function describeRedis(name: string, tests: (binary: RedisBinary) => void): void {
  describeWith(redis, name, tests);
}

/** Tests with a valkey-server, in the same way. */
export function describeValkey(name: string, tests: (binary: RedisBinary) => void): void {
  describeWith(valkey, name, tests);
}

function describeWith(
  found: RedisBinary | { readonly missing: string },
  name: string,
  tests: (binary: RedisBinary) => void,
): void {
  const [declare, title, binary] =
    "missing" in found
      ? [describe.skip, `${name} (${found.missing})`, NONE]
      : [describe, name, found];
  declare(title, () => {
    tests(binary);
  });
}

const NONE: RedisBinary = { path: "", env: {}, version: "" };
