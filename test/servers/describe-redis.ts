import { describe, test } from "vitest";

import { findRedis, findValkey, type RedisBinary } from "./redis-binary.ts";

const redis = await findRedis();
const valkey = findValkey();

/** Tests with a redis-server. Without one they are one skipped test that says how to get one. */
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
  const declare = "missing" in found ? () => describeMissing(found.missing) : () => tests(found);
  // eslint-disable-next-line vitest/valid-title -- titles are data here
  describe(name, () => {
    declare();
  });
}

/** Stands for tests that can't be run here. */
export function describeMissing(reason: string): void {
  // eslint-disable-next-line vitest/valid-title, vitest/no-disabled-tests -- the reason is the title
  test.skip(reason, () => undefined);
}
