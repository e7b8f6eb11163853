import { readFileSync } from "node:fs";

import { expect, test } from "vitest";

import { embedLua, LUA_FILE } from "../../../../scripts/embed-lua.ts";
import { functionLibrary } from "./script.ts";

test("the embedded scripts are those of the .lua files (run scripts/embed-lua.ts)", () => {
  expect(readFileSync(LUA_FILE, "utf8")).toBe(embedLua());
});

test("names of library and functions hold the hash of the code", () => {
  const { name, code, functionOf } = functionLibrary();
  expect(code.startsWith(`#!lua name=${name}\n`)).toBe(true);
  expect(name).toMatch(/^memcube_[0-9a-f]{12}$/u);
  expect(functionOf("commit-cube")).toBe(`${name}_commit_cube`);
  expect(code).toContain(`function_name='${name}_commit_cube'`);
  expect(code).not.toContain("@version@");
});
