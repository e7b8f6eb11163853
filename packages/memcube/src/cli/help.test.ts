import { describe, expect, it } from "vitest";

import { COMMANDS } from "./commands.ts";
import { GLOBAL_OPTIONS } from "./global-options.ts";
import { commandPage, overview } from "./help.ts";
import { parseArguments } from "./parse-arguments.ts";

describe("help", () => {
  it("names every command and every exit code", () => {
    const page = overview(COMMANDS);
    for (const { name, summary } of COMMANDS)
      expect(page).toContain(`${name.padEnd(8)}  ${summary}`);
    for (const code of [0, 1, 2, 3, 4, 5, 130]) expect(page).toMatch(new RegExp(`\\b${code} `));
  });

  it("fits a terminal of 110 columns", () => {
    for (const page of [overview(COMMANDS), ...COMMANDS.map(commandPage)]) {
      expect(page.split("\n").filter((line) => line.length > 110)).toEqual([]);
    }
  });

  it.each(COMMANDS.map((command) => [command.name, command] as const))(
    "explains %s with examples that parse",
    (_name, command) => {
      expect(command.examples.length).toBeGreaterThan(0);
      const page = commandPage(command);
      for (const name of Object.keys(command.options)) expect(page).toContain(`--${name}`);
      for (const { line } of command.examples) {
        const [words = ""] = line.split(/ [|<>] /, 1);
        const [name, ...args] = [...words.matchAll(/"[^"]*"|\S+/g)].map(([word]) =>
          word.replaceAll('"', ""),
        );
        const meant = COMMANDS.find((known) => known.name === name);
        expect(meant, line).toBeDefined();
        const options = { ...GLOBAL_OPTIONS, ...meant?.options };
        const { positionals } = parseArguments(args, options, "");
        expect(positionals.length, line).toBeGreaterThanOrEqual(meant?.arguments.min ?? 0);
        expect(positionals.length, line).toBeLessThanOrEqual(meant?.arguments.max ?? 0);
      }
    },
  );

  it("gives no command an option that every command has", () => {
    for (const { name, options } of COMMANDS) {
      const both = Object.keys(options).filter((option) => Object.hasOwn(GLOBAL_OPTIONS, option));
      expect(both, name).toEqual([]);
    }
  });
});
