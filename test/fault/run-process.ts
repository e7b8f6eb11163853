import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** How a process ended and what it said. */
export interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly complaints: string;
}

/**
 * Runs a program of this folder from source to its end.
 *
 * @param options.uid the user it runs as. @default the same
 */
export async function runProcess(
  program: string,
  args: readonly string[],
  options: { readonly uid?: number } = {},
): Promise<Ended> {
  const file = join(import.meta.dirname, program);
  const child = spawn(process.execPath, ["--conditions=@memcube/source", file, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  });
  let output = "";
  let complaints = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text));
  await once(child, "close");
  return { code: child.exitCode, output, complaints };
}
