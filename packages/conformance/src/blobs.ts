import { sha256Hex } from "@memcube/core";

import { assert, race, rejects, times } from "./kit/checks.ts";
import { HOSTILE_NAMES } from "./kit/hostile-names.ts";
import { type Rule, rulesOf } from "./rule.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const contentRules = rulesOf("blobs", "blobs", {
  "bytes come back under the hash of their content": async ({ storage: { blobs } }) => {
    for (const content of [bytes("hello"), bytes(""), new Uint8Array(times(256, (at) => at))]) {
      const hash = sha256Hex(content);
      assert.deepEqual(await blobs.put("t", content), { hash, sizeBytes: content.length });
      const read = await blobs.get("t", hash);
      assert.ok(read instanceof Uint8Array);
      assert.deepEqual(read, content);
      assert.equal(await blobs.has("t", hash), true);
    }
  },

  "what is not there is undefined": async ({ storage: { blobs } }) => {
    const hash = sha256Hex("never");
    assert.equal(await blobs.get("t", hash), undefined);
    assert.equal(await blobs.has("t", hash), false);
    assert.equal(await blobs.delete("t", hash), false);
    assert.deepEqual(await blobs.list("t", { limit: 10 }), []);
  },

  "a part of a larger buffer is stored alone": async ({ storage: { blobs } }) => {
    const part = new Uint8Array(times(100, (at) => at)).subarray(40, 43);
    const { hash } = await blobs.put("t", part);
    assert.equal(hash, sha256Hex(new Uint8Array([40, 41, 42])));
    assert.deepEqual(await blobs.get("t", hash), new Uint8Array([40, 41, 42]));
  },

  "what a caller does with its bytes later changes nothing": async ({ storage: { blobs } }) => {
    const content = bytes("hello");
    const { hash } = await blobs.put("t", content);
    content.fill(0);
    const read = await blobs.get("t", hash);
    assert.deepEqual(read, bytes("hello"));
    read?.fill(0);
    assert.deepEqual(await blobs.get("t", hash), bytes("hello"));
  },

  "the same bytes twice are stored once": async ({ storage: { blobs } }) => {
    const { hash } = await blobs.put("t", bytes("same"));
    assert.equal((await blobs.put("t", bytes("same"))).hash, hash);
    assert.deepEqual(await blobs.list("t", { limit: 10 }), [hash]);
    assert.deepEqual([await blobs.delete("t", hash), await blobs.delete("t", hash)], [true, false]);
    assert.equal(await blobs.get("t", hash), undefined);
    await blobs.put("t", bytes("same"));
    assert.deepEqual(await blobs.get("t", hash), bytes("same"));
  },

  "a tenant can't tell what another one stores": async ({ storage: { blobs } }) => {
    const { hash } = await blobs.put("tenant-1", bytes("secret"));
    assert.equal(await blobs.get("tenant-2", hash), undefined);
    assert.equal(await blobs.has("tenant-2", hash), false);
    assert.deepEqual(await blobs.list("tenant-2", { limit: 10 }), []);
    assert.equal(await blobs.delete("tenant-2", hash), false);
    await blobs.put("tenant-2", bytes("secret"));
    assert.equal(await blobs.delete("tenant-2", hash), true);
    assert.deepEqual(await blobs.get("tenant-1", hash), bytes("secret"));
  },

  "tenants are told apart whatever characters they have": async ({ storage: { blobs } }) => {
    for (const [index, tenantId] of HOSTILE_NAMES.entries())
      await blobs.put(tenantId, bytes(`${index}`));
    for (const [index, tenantId] of HOSTILE_NAMES.entries()) {
      const hash = sha256Hex(`${index}`);
      assert.deepEqual(await blobs.list(tenantId, { limit: 10 }), [hash], tenantId);
      assert.deepEqual(await blobs.get(tenantId, hash), bytes(`${index}`));
    }
  },

  "hashes are listed in ascending order, so many at a time": async ({ storage: { blobs } }) => {
    const hashes = times(12, (index) => sha256Hex(`${index}`)).sort();
    for (const index of times(12, (at) => at)) await blobs.put("t", bytes(`${index}`));
    assert.deepEqual(await blobs.list("t", { limit: 100 }), hashes);
    assert.deepEqual(await blobs.list("t", { limit: 5 }), hashes.slice(0, 5));
    const after = hashes[4] ?? "";
    assert.deepEqual(await blobs.list("t", { after, limit: 5 }), hashes.slice(5, 10));
    await blobs.delete("t", after);
    assert.deepEqual(await blobs.list("t", { after, limit: 5 }), hashes.slice(5, 10));
    assert.deepEqual(await blobs.list("t", { after: "f".repeat(64), limit: 5 }), []);
  },

  "a large blob is kept whole": async ({ storage: { blobs } }) => {
    const large = new Uint8Array(16 * 1_048_576 + 3).map(
      (_, index) => (index * 7 + (index >> 12)) & 255,
    );
    const { hash, sizeBytes } = await blobs.put("t", large);
    assert.equal(sizeBytes, large.length);
    const read = await blobs.get("t", hash);
    assert.equal(read?.length, large.length);
    assert.equal(sha256Hex(read), hash);
  },

  "a hash that is none is not there": async ({ storage: { blobs } }) => {
    await blobs.put("t", bytes("content"));
    for (const hash of [
      "",
      "..",
      "../t",
      "%",
      "*",
      "a".repeat(63),
      sha256Hex("content").toUpperCase(),
    ]) {
      assert.equal(await blobs.get("t", hash), undefined, hash);
      assert.equal(await blobs.has("t", hash), false, hash);
      assert.equal(await blobs.delete("t", hash), false, hash);
    }
    assert.equal((await blobs.list("t", { limit: 10 })).length, 1);
  },

  "bytes put at the same time by several are there": async ({ storage, another }) => {
    const stores = [storage.blobs, (await another()).blobs];
    await race(
      times(
        12,
        (index) => () => (stores[index % 2] ?? storage.blobs).put("t", bytes(`${index % 4}`)),
      ),
    );
    const hashes = times(4, (index) => sha256Hex(`${index}`)).sort();
    assert.deepEqual(await storage.blobs.list("t", { limit: 10 }), hashes);
    for (const hash of hashes) assert.ok((await storage.blobs.get("t", hash)) !== undefined);
  },
});

const damageRule: Rule = {
  port: "blobs",
  topic: "damage",
  name: "bytes that no longer match their hash are not handed out",
  needs: "damageBlob",
  async run({ place, storage: { blobs } }) {
    const { hash } = await blobs.put("t", bytes("some content that matters"));
    const other = await blobs.put("t", bytes("other"));
    await place.damageBlob?.("t", hash);
    await rejects(blobs.get("t", hash), "MEMCUBE_BLOB_DAMAGED");
    assert.deepEqual(await blobs.get("t", other.hash), bytes("other"));
    await blobs.delete("t", hash);
    await blobs.put("t", bytes("some content that matters"));
    assert.deepEqual(await blobs.get("t", hash), bytes("some content that matters"));
  },
};

export const blobRules: readonly Rule[] = [...contentRules, damageRule];
