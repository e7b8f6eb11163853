import { describe, expect, it } from "vitest";

import { resolveScope } from "./scope.ts";

describe("resolveScope", () => {
  it("is the single user of the machine when nothing is said", async () => {
    expect(await resolveScope(undefined, {}, "ai-sdk")).toEqual({
      caller: { userId: "local", via: "ai-sdk" },
    });
  });

  it("asks a function about the request, and keeps a `via` of the caller's own", async () => {
    const scope = ({ user }: { user: string }) => ({
      caller: { userId: user, tenantId: "acme", via: "bot" },
      cube: "team",
      sessionId: "s1",
    });
    expect(await resolveScope(scope, { user: "ada" }, "ai-sdk")).toEqual({
      caller: { tenantId: "acme", userId: "ada", roles: [], via: "bot" },
      cube: "team",
      sessionId: "s1",
    });
  });

  it("refuses what is no scope", async () => {
    const wrong = async () => await resolveScope(() => ({ user: "ada" }) as never, {}, "ai-sdk");
    await expect(wrong()).rejects.toMatchObject({ code: "MEMCUBE_INVALID_INPUT" });
  });
});
