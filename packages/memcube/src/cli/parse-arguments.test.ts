import { describe, expect, it } from "vitest";

import type { OptionTable } from "./command.ts";
import { Failure } from "./failure.ts";
import { moment, oneOf, parseArguments, wholeNumber } from "./parse-arguments.ts";

const OPTIONS: OptionTable = {
  limit: { type: "string", value: "N", about: "" },
  tag: { type: "string", multiple: true, value: "NAME", about: "" },
  json: { type: "boolean", short: "j", about: "" },
};

function failure(run: () => unknown): Failure {
  try {
    run();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("parseArguments", () => {
  it("sorts values and arguments", () => {
    const args = ["one", "--limit", "3", "--tag=a", "--tag", "b", "-j", "--", "--limit"];
    expect(parseArguments(args, OPTIONS, "")).toEqual({
      values: { limit: "3", tag: ["a", "b"], json: true },
      positionals: ["one", "--limit"],
    });
  });

  it.each([
    [["--lmit", "3"], "Unknown option --lmit. Did you mean --limit?"],
    [["--frobnicate"], "Unknown option --frobnicate."],
    [["--constructor"], "Unknown option --constructor."],
    [["-x"], "Unknown option -x."],
    [["--json=yes"], "--json takes no value."],
    [["--limit"], "--limit needs N."],
    [["--limit="], "--limit needs N."],
    [["--limit", "--json"], "--limit needs N, not --json; write --limit=--json if it is meant."],
  ])("refuses %j", (args, message) => {
    const { exitCode, hint, message: said } = failure(() => parseArguments(args, OPTIONS, "help"));
    expect({ exitCode, hint, said }).toEqual({ exitCode: 2, hint: "help", said: message });
  });
});

describe("wholeNumber", () => {
  const range = { min: 1, max: 10 };

  it("reads what is in range", () => {
    expect(wholeNumber("10", "--limit", range)).toBe(10);
    expect(wholeNumber(undefined, "--limit", range)).toBeUndefined();
  });

  it.each(["0", "11", "1.5", "-1", "1e1", "x", "", "9".repeat(40)])("refuses %j", (value) => {
    expect(failure(() => wholeNumber(value, "--limit", range)).exitCode).toBe(2);
  });
});

describe("moment", () => {
  const now = Date.UTC(2024, 4, 10);

  it.each([
    ["2024-05-01", Date.UTC(2024, 4, 1)],
    ["2024-05-01T12:30Z", Date.UTC(2024, 4, 1, 12, 30)],
    ["90s", now - 90_000],
    ["2h", now - 7_200_000],
    ["3w", now - 21 * 86_400_000],
    ["999999999w", 0],
  ])("reads %s", (value, at) => {
    expect(moment(value, "--from", now)).toBe(at);
  });

  it.each(["yesterday", "1", "7x", "2024-13-01", "0000", ""])("refuses %j", (value) => {
    expect(failure(() => moment(value, "--from", now)).exitCode).toBe(2);
  });
});

describe("oneOf", () => {
  it("takes a choice and suggests one", () => {
    expect(oneOf("fact", "--type", ["fact", "event"])).toBe("fact");
    const { message } = failure(() => oneOf("fcat", "--type", ["fact", "event"]));
    expect(message).toBe("--type is one of fact, event, not fcat. Did you mean fact?");
  });
});
