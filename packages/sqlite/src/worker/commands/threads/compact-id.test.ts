import { expect, test } from "vitest";

import { compactId, fullId } from "./compact-id.ts";

test("a UUID takes 16 bytes, any other id its text, and each comes back", () => {
  const uuid = "1ef4f797-8335-6428-8001-8a1503f9b875";
  expect(compactId(uuid)).toHaveLength(16);
  const others = [uuid.toUpperCase(), `${uuid} `, "", "1", uuid.replaceAll("-", "")];
  for (const id of others) expect(compactId(id)).toBe(id);
  for (const id of [uuid, ...others]) expect(fullId(compactId(id))).toBe(id);
});
