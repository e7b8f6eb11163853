import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";

const START_MS = 60_000;
const POLL_MS = 100;

const completionSchema = z.object({
  tokens: z.array(z.int()),
  timings: z.object({ prompt_n: z.int(), cache_n: z.int().default(0) }),
});
const savedSchema = z.object({ n_saved: z.int(), n_written: z.int() });
const restoredSchema = z.object({ n_restored: z.int(), n_read: z.int() });

/** What a request took of the server's processor time, and what it gave. */
export interface Served {
  readonly tokens: readonly number[];
  /** Tokens of the prompt that were computed, and that were in the slot. */
  readonly computed: number;
  readonly cached: number;
}

/** A llama-server of one slot that can be saved to a folder and restored, as its HTTP interface offers. */
export class LlamaServer {
  readonly #child: ChildProcess;
  readonly #address: string;
  readonly #folder: string;
  #complaint = "";

  private constructor(child: ChildProcess, address: string, folder: string) {
    this.#child = child;
    this.#address = address;
    this.#folder = folder;
    child.stdout?.resume();
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#complaint = (this.#complaint + text).slice(-2_000);
    });
  }

  /** @throws Error when it can't be started, with what it said last */
  static async start(
    binary: string,
    { model, contextSize }: { readonly model: string; readonly contextSize: number },
  ): Promise<LlamaServer> {
    const folder = await mkdtemp(join(tmpdir(), "memcube-llama-server-"));
    const port = await freePort();
    const options = {
      "-m": model,
      "--host": "127.0.0.1",
      "--port": port,
      "-np": 1,
      "-c": contextSize,
      "-t": 1,
      "-tb": 1,
      "-fa": "on",
      "--slot-save-path": folder,
    };
    const args = Object.entries(options).flatMap(([name, value]) => [name, `${value}`]);
    const child = spawn(binary, args, { stdio: ["ignore", "pipe", "pipe"] });
    const server = new LlamaServer(child, `http://127.0.0.1:${port}`, folder);
    try {
      await server.#ready();
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  async #ready(): Promise<void> {
    let failed: Error | undefined;
    this.#child.once("error", (error) => {
      failed = error;
    });
    for (let waited = 0; waited < START_MS; waited += POLL_MS) {
      if (failed !== undefined) throw failed;
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) break;
      const healthy = await fetch(`${this.#address}/health`).then(
        ({ ok }) => ok,
        () => false,
      );
      if (healthy) return;
      await delay(POLL_MS);
    }
    throw new Error(`llama-server did not start: ${this.#complaint}`);
  }

  /** Answers a prompt of token ids with one token, the likeliest. */
  async complete(prompt: readonly number[]): Promise<Served> {
    const { tokens, timings } = completionSchema.parse(
      await this.#post("/completion", {
        prompt,
        n_predict: 1,
        temperature: 0,
        cache_prompt: true,
        return_tokens: true,
        id_slot: 0,
      }),
    );
    return { tokens, computed: timings.prompt_n, cached: timings.cache_n };
  }

  /** @returns how many tokens the file holds */
  async save(filename: string): Promise<number> {
    const saved = await this.#post("/slots/0?action=save", { filename });
    return savedSchema.parse(saved).n_saved;
  }

  /** @returns how many tokens are in the slot */
  async restore(filename: string): Promise<number> {
    const restored = await this.#post("/slots/0?action=restore", { filename });
    return restoredSchema.parse(restored).n_restored;
  }

  async erase(): Promise<void> {
    await this.#post("/slots/0?action=erase", {});
  }

  /** Processor time of all its threads so far, in milliseconds; by the scheduler's count. */
  async cpuMs(): Promise<number> {
    const tasks = `/proc/${this.#child.pid}/task`;
    let nanoseconds = 0;
    for (const thread of await readdir(tasks)) {
      // A thread that has ended meanwhile is not counted: those that compute stay.
      const text = await readFile(join(tasks, thread, "schedstat"), "utf8").catch(() => "0");
      nanoseconds += Number(text.split(" ")[0]);
    }
    return nanoseconds / 1e6;
  }

  async stop(): Promise<void> {
    const { exitCode, signalCode, pid } = this.#child;
    if (pid !== undefined && exitCode === null && signalCode === null) {
      const closed = new Promise((resolve) => this.#child.once("close", resolve));
      this.#child.kill("SIGKILL");
      await closed;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #post(path: string, body: unknown): Promise<unknown> {
    const response = await fetch(`${this.#address}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`llama-server: ${path}: ${response.status} ${text}`);
    return JSON.parse(text) as unknown;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
