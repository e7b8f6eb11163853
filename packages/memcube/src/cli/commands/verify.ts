import type { MemCube, Position, VerifyReport } from "@memcube/core";

import { command } from "../command.ts";
import type { Context } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { usageError } from "../failure.ts";
import { counted, formatDuration } from "../format-values.ts";
import { ownedCubes } from "../owned-cubes.ts";
import { oneLine } from "../plain-text.ts";

export const verifyCommand = command({
  name: "verify",
  summary: "check that nothing was altered, removed or reordered",
  usage: "",
  arguments: { min: 0, max: 0 },
  options: {
    cube: { type: "string", multiple: true, value: "ID", about: "cube (default: your own)" },
    all: { type: "boolean", about: "every cube you own" },
    expect: {
      type: "string",
      value: "POSITION",
      about: "a position kept elsewhere (as `log --json` prints it) must be in the log",
    },
  },
  examples: [
    { line: "verify --all", about: "every cube you own" },
    { line: "verify --cube team --json", about: "one report on each line" },
  ],
  details:
    "Recomputes every commit's digest, the links between them, the seals, and every version's " +
    "commitment. Ends with 4 when something does not agree, and says what.",
  run: async (context, { values }) => {
    const { out, notes, json, quiet, database } = context;
    if (values.all === true && values.cube !== undefined) {
      throw usageError("--all and --cube exclude each other.");
    }
    const expect = values.expect === undefined ? undefined : positionOf(values.expect);
    const { me } = await database.open();
    const ids =
      values.all === true
        ? await ownedCubes(me, database.caller.userId)
        : (values.cube ?? [database.ownCube]);
    if (expect !== undefined && ids.length !== 1) throw usageError("--expect goes with one cube.");
    let sound = true;
    for (const id of ids) {
      const started = performance.now();
      const report = await verifyOne(context, await me.cube(id), expect);
      sound &&= report.ok;
      if (json) out.json({ cubeId: id, ...report });
      else if (!quiet) {
        const word = report.ok ? out.style("green", "ok") : out.style("red", "NOT OK");
        const ms = formatDuration(performance.now() - started);
        out.line(`${word}  ${oneLine(id)}  ${describeReport(report)} (${ms})`);
        for (const problem of describeProblems(report)) out.line(`  ${problem}`);
      }
    }
    if (ids.length === 0) notes.note("You own no cube in this file.");
    return sound ? EXIT.ok : EXIT.problems;
  },
});

/** Verifies one cube with its progress shown. */
async function verifyOne(
  context: Context,
  cube: MemCube,
  expect: Position | undefined,
): Promise<VerifyReport> {
  const progress = context.progress(`verifying ${oneLine(cube.id)}`);
  try {
    return await cube.verify({
      signal: context.signal,
      onProgress: ({ done, total }) => progress.update(done, total),
      ...(expect === undefined ? {} : { expect }),
    });
  } finally {
    progress.end();
  }
}

/** What was looked at, in words. */
function describeReport({ commits, versions, sealedTo, unsealed }: VerifyReport): string {
  const tail = unsealed === undefined ? "" : `, ${unsealed.to - unsealed.from + 1} not sealed yet`;
  const looked = `${counted(commits, "commit")}, ${counted(versions, "version")}`;
  return `${looked}, sealed to ${sealedTo}${tail}`;
}

function describeProblems({ problems }: VerifyReport): string[] {
  return problems.map(({ code, seq, memoryId, version }) =>
    [
      code,
      seq === undefined ? "" : `commit ${seq}`,
      memoryId === undefined ? "" : `memory ${oneLine(memoryId)}`,
      version === undefined ? "" : `version ${version}`,
    ]
      .filter((part) => part !== "")
      .join(", "),
  );
}

function positionOf(text: string): Position {
  try {
    const value: unknown = JSON.parse(text);
    const { epoch, seq, head } = value as Partial<Record<keyof Position, unknown>>;
    if (typeof epoch === "string" && typeof seq === "number" && typeof head === "string") {
      return { epoch, seq, head };
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw usageError('--expect is a JSON position: {"epoch":"...","seq":7,"head":"..."}');
}
