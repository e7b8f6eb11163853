import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

export interface Writer<Line> {
  readonly child: ChildProcess;
  /** Resolves with its first line. */
  readonly begun: Promise<void>;
  /** All it said, once it is dead. A last line that was cut off counts as not said. */
  lines(): Promise<Line[]>;
}

/** Starts a program of this folder that says a line of JSON for all that was acknowledged, until it is killed. */
export function startWriter<Line>(program: string, args: readonly string[]): Writer<Line> {
  const file = join(import.meta.dirname, program);
  const child = spawn(process.execPath, ["--conditions=@memcube/source", file, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  let complaints = "";
  const begun = Promise.withResolvers<void>();
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
    if (said.includes("\n")) begun.resolve();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text));
  const exited = once(child, "close").then(() => {
    begun.reject(new Error(`the writer ended by itself: ${complaints}`));
    return child.signalCode;
  });
  return {
    child,
    begun: begun.promise,
    lines: async () => {
      const signal = await exited;
      if (signal !== "SIGKILL") throw new Error(`the writer ended by itself: ${complaints}`);
      return said
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Line);
    },
  };
}
