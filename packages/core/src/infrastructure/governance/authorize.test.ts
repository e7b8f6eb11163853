import { describe, expect, test } from "vitest";

import { ACTIONS, type Action } from "../../flow/index.ts";
import type { Principal } from "../../memory/index.ts";
import { authorize } from "./authorize.ts";

const cube = {
  owner: "user:ada" as Principal,
  allow: ["user:reader", "user:both"] as Principal[],
  deny: ["user:barred"] as Principal[],
  writers: ["user:writer", "user:both", "user:barred"] as Principal[],
};

/** What each may do; everything else is forbidden. */
const ALLOWED: Record<string, readonly Action[]> = {
  ada: ACTIONS.filter((action) => action !== "cube.create"),
  reader: ["cube.read", "memory.read"],
  writer: ["cube.read", "memory.add", "memory.update", "memory.forget", "memory.rollback"],
  both: [
    "cube.read",
    "memory.read",
    "memory.add",
    "memory.update",
    "memory.forget",
    "memory.rollback",
  ],
  barred: [],
  stranger: [],
};

describe("the decision table", () => {
  for (const [user, allowed] of Object.entries(ALLOWED)) {
    test.each(ACTIONS.map((action) => [action] as const))(`${user}: %s`, (action) => {
      const principals = new Set([`user:${user}`, "everyone"]);
      const decision = authorize({ principals, action, cubeId: "c", cube });
      expect(decision.effect).toBe(allowed.includes(action) ? "permit" : "forbid");
      expect(decision.rules.length).toBeGreaterThan(0);
    });
  }

  test.each([["memory.erase"], ["memory.share"]] as const)("own memories only: %s", (action) => {
    const ask = (owner: Principal) =>
      authorize({
        principals: new Set(["user:writer"]),
        action,
        cubeId: "c",
        cube,
        memory: { owner },
      });
    expect(ask("user:writer")).toMatchObject({ effect: "permit", rules: ["memory-owner"] });
    expect(ask("user:ada")).toMatchObject({ effect: "forbid", rules: ["default-deny"] });
  });

  test("anyone creates cubes, but a user: cube only its user", () => {
    const create = (user: string, cubeId: string) =>
      authorize({ principals: new Set([`user:${user}`]), action: "cube.create", cubeId });
    expect(create("bob", "trips").effect).toBe("permit");
    expect(create("bob", "user:bob").effect).toBe("permit");
    expect(create("bob", "user:ada")).toMatchObject({
      effect: "forbid",
      rules: ["foreign-user-cube"],
    });
  });

  test("forbid wins: a denied owner is out", () => {
    const decision = authorize({
      principals: new Set(["user:ada"]),
      action: "memory.read",
      cubeId: "c",
      cube: { ...cube, deny: ["user:ada"] },
    });
    expect(decision).toEqual({ effect: "forbid", action: "memory.read", rules: ["cube-denied"] });
  });
});
