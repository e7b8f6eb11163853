import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, test } from "vitest";

const CHILD = join(import.meta.dirname, "claim-child.ts");
/** Enough that what a dead process takes with it is less than what one waits beyond its own time. */
const PAGES = 14;
const TOKENS = PAGES * 256;

interface Filled {
  readonly ms: number;
  readonly prefilled: number;
  readonly restoredTokens: number;
  readonly answer: readonly number[];
}

interface Agent {
  readonly child: ChildProcess;
  /** Settles when the line was said. */
  said(line: string): Promise<void>;
  go(): void;
  readonly filled: Promise<Filled>;
}

let directory: string;
const agents: Agent[] = [];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "memcube-claims-"));
});
afterEach(async () => {
  for (const { child } of agents.splice(0)) child.kill("SIGKILL");
  await rm(directory, { recursive: true, force: true });
});

/** @param before tokens by which it measures its own pace first */
async function agent(pageMs: number, before = 0): Promise<Agent> {
  const numbers = [TOKENS, pageMs, before].map(String);
  const args = ["--conditions=@memcube/source", CHILD, directory, ...numbers];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  const lines: string[] = [];
  const waiting = new Map<string, () => void>();
  const filled = Promise.withResolvers<Filled>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line);
    waiting.get(line)?.();
    if (line.startsWith("{")) filled.resolve(JSON.parse(line) as Filled);
  });
  child.once("close", (code, signal) => filled.reject(new Error(`ended: ${code ?? signal}`)));
  filled.promise.catch(() => undefined);
  const made: Agent = {
    child,
    filled: filled.promise,
    go: () => void child.stdin.write("go\n"),
    said: async (line) => {
      if (lines.includes(line)) return;
      const come = new Promise<void>((resolve) => waiting.set(line, resolve));
      await Promise.race([come, filled.promise]);
    },
  };
  agents.push(made);
  await made.said("ready");
  return made;
}

async function claimsLeft(): Promise<readonly string[]> {
  const names = await readdir(directory, { recursive: true });
  return names.filter((name) => /claims\/./.test(name));
}

test("four processes that come at once compute a prefix once", async () => {
  const four = await Promise.all([agent(150), agent(150), agent(150), agent(150)]);
  for (const each of four) each.go();
  const filled = await Promise.all(four.map((each) => each.filled));
  expect(filled.map((each) => each.prefilled).toSorted((a, b) => a - b)).toEqual([0, 0, 0, TOKENS]);
  expect(new Set(filled.map(({ answer }) => answer.join())).size).toBe(1);
  expect(await claimsLeft()).toEqual([]);
}, 120_000);

test("a process that is killed is followed by one that goes on where it was", async () => {
  const [first, second, third] = await Promise.all([agent(400), agent(400), agent(400)]);
  first.go();
  await first.said("page 1");
  second.go();
  third.go();
  await first.said("page 6");
  first.child.kill("SIGKILL");
  const filled = await Promise.all([second.filled, third.filled]);
  const prefilled = filled.map((each) => each.prefilled);
  // Both have what was stored by then. The other waits for the one who goes on, but no longer than it
  // would take itself: on a busy machine it may compute the rest, too.
  expect(Math.max(...prefilled)).toBeLessThanOrEqual(TOKENS - 2 * 256);
  expect(Math.max(...prefilled)).toBeGreaterThan(0);
  expect(filled[0]?.answer).toEqual(filled[1]?.answer);
  expect(await claimsLeft()).toEqual([]);
}, 120_000);

test("a process that is stopped holds nobody up", async () => {
  const [first, second] = await Promise.all([agent(200), agent(50)]);
  first.go();
  await first.said("page 1");
  first.child.kill("SIGSTOP");
  second.go();
  // No page of its own was ever measured: then a page counts as a second of the other's.
  const { prefilled, ms } = await second.filled;
  expect(prefilled).toBe(TOKENS);
  expect(ms).toBeLessThan(8_000);
}, 120_000);

test("a process that is much slower is not waited for", async () => {
  const [slow, quick] = await Promise.all([agent(3_000), agent(1, 512)]);
  slow.go();
  await slow.said("page 1");
  quick.go();
  const { prefilled, ms } = await quick.filled;
  expect(prefilled).toBeGreaterThanOrEqual(TOKENS - 256);
  expect(ms).toBeLessThan(6_000);
}, 120_000);
