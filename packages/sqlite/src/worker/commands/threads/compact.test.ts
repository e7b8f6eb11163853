import { expect, test } from "vitest";

import { compactHashes, compactId, fullHashes, fullId } from "./compact.ts";

test("a UUID takes 16 bytes, any other id its text, and each comes back", () => {
  const uuid = "1ef4f797-8335-6428-8001-8a1503f9b875";
  expect(compactId(uuid)).toHaveLength(16);
  const others = [uuid.toUpperCase(), `${uuid} `, "", "1", uuid.replaceAll("-", "")];
  for (const id of others) expect(compactId(id)).toBe(id);
  for (const id of [uuid, ...others]) expect(fullId(compactId(id))).toBe(id);
});

test("hashes of 128 bits take 16 bytes each, others their text, and all come back", () => {
  const short = ["00112233445566778899aabbccddeeff", "ffeeddccbbaa99887766554433221100"];
  expect(compactHashes(short)).toHaveLength(32);
  for (const hashes of [short, [], ["a"], [...short, "abc"], ["x".repeat(64), short[0] ?? ""]]) {
    expect(fullHashes(compactHashes(hashes))).toEqual(hashes);
  }
});
