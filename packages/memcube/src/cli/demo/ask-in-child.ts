import { spawn } from "node:child_process";

import { Failure } from "../failure.ts";
import { EXIT } from "../exit-codes.ts";
import type { Score } from "./ask.ts";

/** What the other process reports, as its one line of JSON. */
export interface ChildReport {
  readonly pid: number;
  /** From its first instruction until the file was open. */
  readonly openMs: number;
  /** The first question, with the index read or built. */
  readonly firstMs: number;
  readonly score: Score;
  readonly updated?: string;
}

/** Runs this very command again, in a process of its own, with other arguments. */
export async function askInChild(
  args: readonly string[],
  signal: AbortSignal,
): Promise<ChildReport> {
  const [, script = ""] = process.argv;
  const child = spawn(process.execPath, [...process.execArgv, script, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    signal,
  });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject).once("close", resolve);
  });
  if (code !== 0) throw new Failure(EXIT.failed, `The second process ended with ${code}.`);
  // Written by this very version a moment ago.
  return JSON.parse(said) as ChildReport;
}
