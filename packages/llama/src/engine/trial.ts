import { fork } from "node:child_process";

/** What the process says when it has loaded all that the trial itself needs. */
export const READY = "ready";

/** Longer than the largest model takes from a slow disk; some damaged files make llama.cpp spin. */
const TRIAL_MS = 300_000;

/**
 * Loads a model in a process of its own and lets it read a few tokens. llama.cpp ends its process over
 * some damaged files that no check of ours foresees: then it is that one.
 *
 * @returns what went wrong; `undefined` when nothing did, or when no process can be started here (a
 * bundled application)
 */
export async function tryModel(path: string, signal?: AbortSignal): Promise<string | undefined> {
  const fromSource = import.meta.url.endsWith(".ts");
  const module = new URL(`./trial-process.${fromSource ? "ts" : "js"}`, import.meta.url);
  const child = fork(module, [path], {
    execArgv: fromSource ? ["--conditions=@memcube/source"] : [],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    timeout: TRIAL_MS,
    ...(signal === undefined ? {} : { signal }),
  });
  let ready = false;
  let said = "";
  let complaint = "";
  child.on("message", (message) => {
    if (message === READY) ready = true;
    else if (typeof message === "string") said = message;
  });
  child.stderr?.on("data", (data: Buffer) => {
    complaint = data.toString().trim().split("\n").at(-1) ?? complaint;
  });
  const code = await new Promise<number | null>((resolve) => {
    child.on("error", () => resolve(null));
    child.on("close", resolve);
  });
  signal?.throwIfAborted();
  if (code === 0 || !ready) return undefined;
  return said === "" ? `llama.cpp gave up over it: ${complaint}` : said;
}
