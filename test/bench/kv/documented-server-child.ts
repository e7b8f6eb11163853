/**
 * Speaks what the documentation of llama-server says (tools/server/README.md: health, completion of token
 * ids, slots that are saved, restored and erased) without a model: for tests of what talks to it. How
 * llama-server itself behaves is not to be learned from it.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { basename, join } from "node:path";
import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";

interface Completion {
  readonly prompt: readonly number[];
  readonly n_predict: number;
  readonly return_tokens?: boolean;
}

/** Asked so often for its health, it is still loading. */
const LOADING = 2;

const given = process.argv.slice(2);
/** Options of one letter with a longer name have one dash there, too. */
const args = given.map((arg) => arg.replace(/^-(np|tb|fa)$/u, "--$1"));
const value = { type: "string" } as const;
const { values } = parseArgs({
  args,
  options: {
    model: { ...value, short: "m" },
    "ctx-size": { ...value, short: "c" },
    threads: { ...value, short: "t" },
    tb: value,
    np: value,
    fa: value,
    host: value,
    port: value,
    "slot-save-path": value,
  },
});
const { model = "", host, port, "slot-save-path": folder = "" } = values;
if (!model.endsWith(".gguf")) {
  process.stderr.write(`error loading model ${model}\n`);
  process.exit(1);
}

let slot: readonly number[] = [];
let asked = 0;

const server = createServer((request, response) => {
  const answer = (status: number, body: unknown): void => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  };
  const refuse = (code: number, type: string, message: string): void =>
    answer(code, { error: { code, message, type } });
  void text(request).then((body) => {
    const path = `${request.method} ${request.url}`;
    if (path === "GET /health") {
      asked += 1;
      if (asked <= LOADING) return refuse(503, "unavailable_error", "Loading model");
      return answer(200, { status: "ok" });
    }
    const [, action] = /^POST \/slots\/0\?action=(\w+)$/u.exec(path) ?? [];
    if (path === "POST /completion") return answer(200, complete(JSON.parse(body) as Completion));
    if (action === undefined) return refuse(404, "not_found_error", "File Not Found");
    try {
      return answer(200, { id_slot: 0, ...act(action, JSON.parse(body) as { filename: string }) });
    } catch {
      return refuse(400, "invalid_request_error", "Unable to restore slot");
    }
  });
});
server.listen(Number(port), host);

/** What the slot has of a prompt is not computed again, but for its last token. */
function complete({ prompt, n_predict: count, return_tokens: shown }: Completion): unknown {
  let common = prompt.findIndex((token, at) => token !== slot[at]);
  if (common < 0) common = prompt.length;
  const cached = Math.min(common, prompt.length - 1);
  const tokens = prompt.slice(-count);
  slot = prompt;
  const timings = { cache_n: cached, prompt_n: prompt.length - cached, predicted_n: count };
  return { content: "", tokens: shown === true ? tokens : [], stop: true, timings };
}

function act(action: string, { filename }: { readonly filename: string }): object {
  if (action === "erase") {
    const erased = slot.length;
    slot = [];
    return { n_erased: erased };
  }
  const path = join(folder, basename(filename));
  if (action === "save") {
    const bytes = JSON.stringify(slot);
    writeFileSync(path, bytes);
    return { filename, n_saved: slot.length, n_written: bytes.length, timings: { save_ms: 1 } };
  }
  const bytes = readFileSync(path, "utf8");
  slot = JSON.parse(bytes) as number[];
  return { filename, n_restored: slot.length, n_read: bytes.length, timings: { restore_ms: 1 } };
}
