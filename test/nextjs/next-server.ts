import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";

import { freePorts } from "../servers/free-ports.ts";
import { nextEnv, type BuiltApp } from "./built-app.ts";

/** A server process of the built example. */
export interface NextServer {
  readonly url: string;
  /** Kills it as a power button would. */
  kill(): Promise<void>;
  /** What it wrote, for when something is wrong. */
  log(): string;
}

const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** Starts `next start` with memory in `storage`, a file or a URL of Redis. */
export async function startNext(app: BuiltApp, storage: string): Promise<NextServer> {
  const [port = 0] = await freePorts(1);
  const child = spawn(
    process.execPath,
    [app.next, "start", "-H", "127.0.0.1", "-p", String(port)],
    { cwd: app.directory, env: nextEnv({ MEMCUBE_STORAGE: storage }), stdio: "pipe" },
  );
  running.add(child);
  let log = "";
  const ready = new Promise<void>((resolve, reject) => {
    const read = (text: string) => {
      log += text;
      if (/Ready in/.test(log)) resolve();
    };
    child.stdout.setEncoding("utf8").on("data", read);
    child.stderr.setEncoding("utf8").on("data", read);
    child.once("exit", (code) => reject(new Error(`next start ended with ${code}: ${log}`)));
  });
  await ready;
  return {
    url: `http://127.0.0.1:${port}`,
    log: () => log,
    kill: async () => {
      running.delete(child);
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    },
  };
}

/** Sends one message as the page does, and waits for the end of the answer. */
export async function say(
  server: NextServer,
  { user, chat, text }: { readonly user: string; readonly chat: string; readonly text: string },
): Promise<string> {
  const response = await fetch(`${server.url}/api/chat`, {
    method: "POST",
    headers: { "content-type": "application/json", cookie: `user=${user}` },
    body: JSON.stringify({
      id: chat,
      message: { id: crypto.randomUUID(), role: "user", parts: [{ type: "text", text }] },
    }),
  });
  if (!response.ok) throw new Error(`status ${response.status}: ${server.log()}`);
  const lines = (await response.text()).split("\n").filter((line) => line.startsWith("data: {"));
  const parts = lines.map(
    (line) => JSON.parse(line.slice("data: ".length)) as { type: string; delta?: string },
  );
  return parts.map(({ type, delta = "" }) => (type === "text-delta" ? delta : "")).join("");
}
