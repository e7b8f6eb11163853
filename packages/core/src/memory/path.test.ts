import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { isBeneath, pathKey, pathLabels } from "./path.ts";
import { idSchema } from "./ref.ts";

const element = fc.oneof(
  fc.constantFrom("", "/", "%2F", "a/", "#part=1", "a", "ab", "\n", "é", "e\u0301", "🗝"),
  fc.string({ unit: "grapheme", maxLength: 300 }),
);
const path = fc.array(element, { maxLength: 5 });

describe("pathKey", () => {
  it("is an id, one for each path", () => {
    fc.assert(
      fc.property(path, path, (one, other) => {
        expect(idSchema.safeParse(pathKey(one)).success).toBe(true);
        const same = JSON.stringify(one) === JSON.stringify(other);
        expect(pathKey(one) === pathKey(other)).toBe(same);
      }),
    );
  });

  it("tells paths apart whose elements run together", () => {
    const keys = [[], [""], ["", ""], ["a", "b"], ["a/b"], ["a%2Fb"], ["ab"]].map(pathKey);
    expect(new Set(keys).size).toBe(keys.length);
    expect(pathKey(["users", "ada", "diet"])).toBe("path:users/ada/diet/");
    expect(pathKey(["x".repeat(400)])).toMatch(/^path#[0-9a-f]{64}$/);
  });
});

describe("labels and order", () => {
  it("labels a value with all that it lies beneath, and nothing beside it", () => {
    const labels = pathLabels({ type: "json", value: 1, path: ["users", "12", "k"] });
    expect(labels).toEqual(["path:", "path:users/", "path:users/12/"]);
    expect(labels).not.toContain(pathKey(["users", "1"]));
    expect(pathLabels({ type: "json", value: 1 })).toEqual([]);
  });

  it("compares element by element", () => {
    expect(isBeneath(["users", "12", "k"], ["users", "1"])).toBe(false);
    expect(isBeneath(["users", "1", "k"], ["users", "1"])).toBe(true);
    expect(isBeneath(["users", "1"], ["users", "1"])).toBe(false);
    expect(isBeneath(["k"], [])).toBe(true);
    expect(isBeneath(undefined, [])).toBe(false);
  });
});
