import { command } from "../command.ts";
import { checkAll } from "../doctor-checks.ts";
import { checkRedis, isRedisUrl, type ServerCheck } from "../doctor-redis.ts";
import { EXIT } from "../exit-codes.ts";
import { usageError } from "../failure.ts";
import { oneLine } from "../plain-text.ts";

const MARKS = { ok: "green", warning: "yellow", failed: "red" } as const;

export const doctorCommand = command({
  name: "doctor",
  summary: "check this computer, the file and every cube of yours in it, or a server",
  usage: "[REDIS-URL]",
  arguments: { min: 0, max: 1 },
  options: {},
  examples: [
    { line: "doctor --db memory.db", about: "what to send with a bug report" },
    { line: "doctor --json", about: "one value: { ok, checks }" },
    {
      line: "doctor redis://localhost:6379",
      about: "what a Redis server supports (needs @memcube/redis)",
    },
  ],
  details: "Changes no memory. Ends with 4 when a cube does not verify, with 1 for anything else.",
  run: async (context, { arguments: [url] }) => {
    const { out, json, quiet } = context;
    if (url !== undefined && !isRedisUrl(url)) {
      throw usageError("doctor takes the URL of a Redis server, redis:// or rediss://.");
    }
    const checks: ServerCheck[] = [];
    for await (const check of url === undefined ? checkAll(context) : await checkRedis(url)) {
      checks.push(check);
      if (json || (quiet && check.result === "ok")) continue;
      const mark = out.style(MARKS[check.result], check.result.padEnd(7));
      out.line(`${mark}  ${check.name.padEnd(10)}  ${oneLine(check.detail)}`);
    }
    const failed = checks.filter((check) => check.result === "failed");
    if (json) out.json({ ok: failed.length === 0, checks });
    if (failed.length === 0) return EXIT.ok;
    return failed.every((check) => check.name === "verify") ? EXIT.problems : EXIT.failed;
  },
});
