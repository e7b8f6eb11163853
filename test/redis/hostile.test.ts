import { createMemOS, type MemOS } from "@memcube/core";
import { expect, test } from "vitest";

import { describeRedis } from "../servers/describe-redis.ts";
import { withServer } from "./with-server.ts";

/** Values that have broken out of somebody's query, key or script. */
const HOSTILE = [
  "*",
  "a|b",
  "}|@tenant:{",
  "{a}",
  "a:b",
  "a:b:c",
  "%3a%",
  "(@cube:{*})",
  '") OR 1=1 --',
  "a\\",
  "$a",
  "-@text:b",
  "{q}",
  "\u202Ea",
  "東京",
  "]] return redis.call('FLUSHALL') --",
];

describeRedis("hostile values", () => {
  test("no tenant finds another one's memories, whatever the tenants are called", async () => {
    await withServer({}, async ({ open }) => {
      const os = createMemOS({ storage: await open() });
      for (const tenantId of HOSTILE) await add(os, tenantId);
      for (const tenantId of HOSTILE) {
        const cube = await os.as({ tenantId, userId: "ada" }).cube("shared");
        for (const query of ["secret", tenantId, `secret of ${HOSTILE[0]}`]) {
          const { hits } = await cube.search(query, { limit: 100 });
          expect(new Set(hits.map(({ memory }) => memory.header.tenantId))).toEqual(
            new Set(hits.length === 0 ? [] : [tenantId]),
          );
        }
        const page = await cube.list({ limit: 100 });
        expect(page.items.length).toBe(HOSTILE.length);
      }
      await os.close();
    });
  });

  test("a filter by a hostile tag finds what has the tag, and nothing else", async () => {
    await withServer({}, async ({ open }) => {
      const os = createMemOS({ storage: await open() });
      await add(os, "tenant");
      const cube = await os.as({ tenantId: "tenant", userId: "ada" }).cube("shared");
      for (const tag of HOSTILE) {
        const { items } = await cube.list({ tags: [tag], limit: 100 });
        expect(items.map(({ header }) => header.tags)).toEqual([[tag]]);
        const { hits } = await cube.search("secret", { tags: [tag], limit: 100 });
        expect(hits.map(({ memory }) => memory.header.tags)).toEqual([[tag]]);
      }
      await os.close();
    });
  });
});

/** One memory per hostile tag in the tenant's cube. */
async function add(os: MemOS, tenantId: string): Promise<void> {
  const cube = await os.as({ tenantId, userId: "ada" }).createCube("shared");
  for (const tag of HOSTILE) await cube.add(`secret of ${tenantId}: ${tag}`, { tags: [tag] });
}
