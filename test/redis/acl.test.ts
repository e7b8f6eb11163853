import { ALL_RULES, findBrokenRules } from "@memcube/conformance";
import { aclRules } from "@memcube/redis";
import { createClient } from "redis";
import { expect, test } from "vitest";

import { describeRedis } from "../servers/describe-redis.ts";
import { tell } from "../servers/redis-cluster.ts";
import { makeRedisPlace } from "./redis-place.ts";
import { errorOf, withServer } from "./with-server.ts";

/** Every second rule for functions, every sixth again for EVALSHA: all scripts and commands are in it. */
const PARTS = { true: 2, false: 6 } as const;

describeRedis("a user that may do no more than it must", () => {
  test.each([true, false])(
    "is enough for the conformance rules (functions: %s)",
    async (functions) => {
      await withServer({}, async ({ server }) => {
        const rules = aclRules({ prefix: "memcube-test-*", functions });
        await tell(server.port, "ACL", "SETUSER", "app", "on", ">secret", ...rules);
        const url = `redis://app:secret@127.0.0.1:${server.port}`;
        const raw = createClient({ url });
        await raw.connect();
        try {
          const part = PARTS[`${functions}`];
          const wanted = ALL_RULES.filter((_, at) => at % part === 0);
          const options = { url, functions, search: "local" } as const;
          const broken = await findBrokenRules(wanted, () => makeRedisPlace(options, raw));
          expect(broken.map(({ rule, error }) => `${rule.name}: ${String(error)}`)).toEqual([]);
        } finally {
          raw.destroy();
        }
      });
    },
  );

  test("gets at nothing else", async () => {
    await withServer({}, async ({ server, open }) => {
      await tell(server.port, "SET", "other", "value");
      await tell(server.port, "ACL", "SETUSER", "app", "on", ">secret", ...aclRules());
      const url = `redis://app:secret@127.0.0.1:${server.port}`;
      await open({ url });
      const client = createClient({ url });
      await client.connect();
      try {
        for (const command of [
          ["GET", "other"],
          ["KEYS", "*"],
          ["SCAN", "0"],
          ["FLUSHALL"],
          ["CONFIG", "SET", "save", ""],
          ["ACL", "LIST"],
          ["FUNCTION", "FLUSH"],
        ])
          expect(String(await errorOf(client.sendCommand(command)))).toMatch(/NOPERM/u);
      } finally {
        client.destroy();
      }
      // The key prefix holds storages apart too.
      const error = await errorOf(
        open({ url, prefix: "other" }).then(({ queue }) => queue.stats("t")),
      );
      expect(error).toMatchObject({ code: "MEMCUBE_STORAGE_FAILED", retryable: false });
    });
  });
});
