/** One violation for each rule of the style guide that lint holds; each must be reported where it stands. */
import { beforeAll, describe, expect, it } from "vitest";
import { type Finding, lintPlanted } from "./planted-tree.ts";

const CORE = "packages/core/src";
const SQLITE = "packages/sqlite/src";

/** File, rule as oxlint writes it, and the text that breaks it in its first line. */
const VIOLATIONS: readonly (readonly [file: string, rule: string, text: string])[] = [
  [`${CORE}/memory/any.ts`, "typescript(no-explicit-any)", "export type Loose = any;"],
  [`${CORE}/memory/default.ts`, "import(no-default-export)", "export default 1;"],
  [`${CORE}/index.ts`, "memcube(named-roots)", 'export * from "./memory/header.ts";'],
  [`${SQLITE}/index.ts`, "memcube(named-roots)", 'export * from "./vault.ts";'],
  [`${CORE}/memory/print.ts`, "eslint(no-console)", 'console.log("hello");'],
  [`${SQLITE}/print.ts`, "eslint(no-console)", 'console.error("hello");'],
  ["packages/memcube/src/print.ts", "eslint(no-console)", 'console.error("hello");'],
  [`${SQLITE}/env.ts`, "node(no-process-env)", "export const home = process.env.HOME;"],
  [`${CORE}/memory/env.ts`, "eslint(no-restricted-globals)", "export const id = process.pid;"],
  [`${CORE}/memory/phone.ts`, "eslint(no-restricted-globals)", 'await fetch("https://x.invalid");'],
  [`${CORE}/flow/clock.ts`, "memcube(injected-clock)", "export const now = () => Date.now();"],
  [`${CORE}/flow/date.ts`, "memcube(injected-clock)", "export const now = () => new Date();"],
  [`${CORE}/flow/dice.ts`, "memcube(injected-clock)", "export const dice = () => Math.random();"],
  [`${CORE}/flow/uuid.ts`, "memcube(injected-clock)", 'import { randomUUID } from "node:crypto";'],
  [`${CORE}/memory/string-utils.ts`, "memcube(plain-names)", "export const one = 1;"],
  [`${CORE}/memory/camelCase.ts`, "unicorn(filename-case)", "export const one = 1;"],
  [`${CORE}/memory/side.ts`, "import(no-unassigned-import)", 'import "./header.ts";'],
  [`${CORE}/memory/builtin.ts`, "unicorn(prefer-node-protocol)", 'import { hash } from "crypto";'],
  [`${CORE}/memory/a.ts`, "import(no-cycle)", 'import { b } from "./b.ts"; export const a = b;'],
  [`${CORE}/memory/b.ts`, "import(no-cycle)", 'import { a } from "./a.ts"; export const b = a;'],
  [`${CORE}/memory/swallow.ts`, "eslint(no-empty)", "try { run(); } catch {} function run() {}"],
  [
    `${CORE}/memory/floating.ts`,
    "typescript(no-floating-promises)",
    "async function run() {} export function start() { run(); }",
  ],
  [
    `${CORE}/memory/parse.ts`,
    "typescript(no-unsafe-return)",
    "export function read(text: string): { id: string } { return JSON.parse(text); }",
  ],
  [
    `${CORE}/memory/switch.ts`,
    "typescript(switch-exhaustiveness-check)",
    'export function say(kind: "a" | "b") { switch (kind) { case "a": return 1; } return 2; }',
  ],
  [
    `${CORE}/memory/throw.ts`,
    "typescript(only-throw-error)",
    'export function fail(): never { throw { code: "MEMCUBE_X" }; }',
  ],
  [
    `${CORE}/memory/bang.ts`,
    "typescript(no-non-null-assertion)",
    "export function first(list: string[]): string { return list[0]!; }",
  ],
  [
    `${CORE}/memory/unneeded.ts`,
    "Unused oxlint-disable directive",
    "export const one = 1; // oxlint-disable-line no-console -- not there",
  ],
  [
    "test/e2e/only.test.ts",
    "vitest(no-focused-tests)",
    'it.only("x", () => { expect(1).toBe(1); });',
  ],
  ["test/e2e/any.test.ts", "typescript(no-explicit-any)", "export const loose: any = 1;"],
];

/** What must pass where it stands. */
const FINE: readonly (readonly [file: string, rule: string, text: string])[] = [
  ["packages/memcube/src/cli.ts", "eslint(no-console)", 'console.log("hello");'],
  ["test/bench/main.ts", "eslint(no-console)", 'console.log("hello");'],
  [`${CORE}/create-mem-os.ts`, "memcube(injected-clock)", "export const now = () => Date.now();"],
  [`${CORE}/testing/clock.ts`, "memcube(injected-clock)", "export const now = () => Date.now();"],
  [`${CORE}/flow/given.ts`, "memcube(injected-clock)", "export const day = new Date(0);"],
];

describe("the style rules", () => {
  let findings: Finding[] = [];
  beforeAll(() => {
    const files = [...VIOLATIONS, ...FINE].map(([file, , text]): [string, string] => [file, text]);
    findings = lintPlanted(new Map(files), { typeAware: true });
  });

  const rulesIn = (file: string) =>
    findings
      .filter((found) => found.file === file)
      .map(({ rule, message }) => (rule === "" ? message : rule));

  it.each(VIOLATIONS)("report %s: %s", (file, rule) => {
    expect(rulesIn(file).join("\n")).toContain(rule);
  });

  it.each(FINE)("let %s pass: %s", (file, rule) => {
    expect(rulesIn(file)).not.toContain(rule);
  });
});
