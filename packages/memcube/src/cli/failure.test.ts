import { type ErrorCode, MemCubeError } from "@memcube/core";
import { describe, expect, it } from "vitest";

import { EXIT } from "./exit-codes.ts";
import { Failure, failureFrom, interrupted } from "./failure.ts";

describe("failureFrom", () => {
  it.each<[ErrorCode, number]>([
    ["MEMCUBE_CUBE_NOT_FOUND", EXIT.notFound],
    ["MEMCUBE_MEMORY_NOT_FOUND", EXIT.notFound],
    ["MEMCUBE_VERSION_NOT_FOUND", EXIT.notFound],
    ["MEMCUBE_INVALID_INPUT", EXIT.usage],
    ["MEMCUBE_BUSY", EXIT.retryable],
    ["MEMCUBE_STORAGE_FULL", EXIT.retryable],
    ["MEMCUBE_CONFLICT", EXIT.failed],
    ["MEMCUBE_FORBIDDEN", EXIT.failed],
    ["MEMCUBE_STORAGE_DAMAGED", EXIT.failed],
  ])("ends %s with %i", (code, exitCode) => {
    const failure = failureFrom(new MemCubeError(code, "Something."));
    expect(failure.exitCode).toBe(exitCode);
    expect(failure.message).toBe(`Something. (${code})`);
  });

  it("keeps what is a failure already", () => {
    const failure = interrupted();
    expect(failureFrom(failure)).toBe(failure);
    expect(failure.exitCode).toBe(130);
  });

  it("takes errors of the system and things that are no error", () => {
    const missing = Object.assign(new Error("no such file"), { code: "ENOENT" });
    expect(failureFrom(missing).exitCode).toBe(EXIT.notFound);
    expect(failureFrom(new Error("odd"))).toMatchObject({ exitCode: EXIT.failed, message: "odd" });
    expect(failureFrom("text")).toBeInstanceOf(Failure);
  });
});
