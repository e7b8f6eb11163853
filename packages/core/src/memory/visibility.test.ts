import { describe, expect, test } from "vitest";

import { seesClass, visibilityFromKey, visibilityKey, visibilityOf } from "./visibility.ts";
import type { Principal } from "./principal.ts";

const CUBE = { owner: "user:ada", allow: ["role:team"], deny: ["user:mallory"] } as const;
const cube = { owner: CUBE.owner, allow: [...CUBE.allow], deny: [...CUBE.deny] } as {
  owner: Principal;
  allow: Principal[];
  deny: Principal[];
};

describe("who sees a memory", () => {
  const cases: [string, string[], Principal[] | undefined, Principal[], boolean][] = [
    ["the cube's owner", ["user:ada"], undefined, [], true],
    ["a reader of the cube", ["user:bob", "role:team"], undefined, [], true],
    ["a stranger", ["user:eve"], undefined, [], false],
    [
      "somebody on the memory's list who can't enter the cube",
      ["user:eve"],
      ["user:eve"],
      [],
      false,
    ],
    ["a reader on the memory's list", ["user:bob", "role:team"], ["user:bob"], [], true],
    ["a reader not on the memory's list", ["user:carl", "role:team"], ["user:bob"], [], false],
    ["a denied reader", ["user:bob", "role:team"], undefined, ["user:bob"], false],
    ["deny wins over allow", ["user:bob", "role:team"], ["user:bob"], ["user:bob"], false],
    ["denied by the cube, though in the team", ["user:mallory", "role:team"], undefined, [], false],
    [
      "everyone, where the memory says so",
      ["user:bob", "role:team", "everyone"],
      ["everyone"],
      [],
      true,
    ],
  ];
  test.each(cases)("%s", (_, principals, allow, deny, expected) => {
    const visibility = visibilityOf({ owner: "user:zoe", allow, deny });
    expect(seesClass(new Set(principals), visibility, cube)).toBe(expected);
    const again = visibilityFromKey(visibilityKey(visibility));
    expect(seesClass(new Set(principals), again, cube)).toBe(expected);
  });

  test("equal lists in any order are one class, and the owner is in a list of its own", () => {
    const key = (allow: Principal[], deny: Principal[]) =>
      visibilityKey(visibilityOf({ owner: "user:zoe", allow, deny }));
    expect(key(["user:a", "user:b"], [])).toBe(key(["user:b", "user:a", "user:a"], []));
    expect(visibilityOf({ owner: "user:zoe", allow: [] }).allow).toEqual(["user:zoe"]);
  });
});
