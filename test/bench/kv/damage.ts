import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import type { Report } from "../report.ts";

/** Damage to what a store keeps; and to files that come from outside. */
const CHILDREN = {
  store: join(import.meta.dirname, "damage-child.ts"),
  files: join(import.meta.dirname, "files-child.ts"),
} as const;
/** A case takes a tenth of a second; one that takes longer than this hangs. */
const HANG_MS = 60_000;

export interface DamageReport {
  readonly cases: number;
  readonly crashes: readonly string[];
  readonly hangs: readonly string[];
  readonly wrong: readonly string[];
  /** How many cases of each kind, and what came of them. */
  readonly kinds: ReadonlyMap<string, number>;
  readonly outcomes: ReadonlyMap<string, number>;
}

/**
 * Damages what is stored in every way, in processes of their own, and asks the same question each time: the
 * answer must be the one without memory.
 */
export async function runDamage(
  cases: number,
  seed = 1,
  to: keyof typeof CHILDREN = "store",
): Promise<DamageReport> {
  const work = await mkdtemp(join(tmpdir(), "memcube-damage-"));
  const found = {
    crashes: [] as string[],
    hangs: [] as string[],
    wrong: [] as string[],
    kinds: new Map<string, number>(),
    outcomes: new Map<string, number>(),
  };
  try {
    for (let next = 0; next < cases;) {
      const ended = await runChild(
        [CHILDREN[to], work, `${next}`, `${cases - next}`, `${seed}`],
        (result) => {
          count(found.kinds, result.kind);
          count(found.outcomes, result.reason);
          if (result.wrong) found.wrong.push(`${result.number} ${result.kind}: ${result.reason}`);
        },
      );
      if (ended.how === "crash") found.crashes.push(`case ${ended.last}: ${ended.complaint}`);
      if (ended.how === "hang") found.hangs.push(`case ${ended.last}`);
      if (ended.last === undefined && ended.how !== "done") throw new Error(ended.complaint);
      next = ended.how === "done" ? cases : (ended.last ?? 0) + 1;
    }
    return { cases, ...found };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

interface CaseResult {
  readonly number: number;
  readonly kind: string;
  readonly wrong: boolean;
  readonly reason: string;
}

interface Ended {
  readonly how: "done" | "crash" | "hang";
  /** The case that was running. */
  readonly last: number | undefined;
  readonly complaint: string;
}

async function runChild(
  args: readonly string[],
  onCase: (result: CaseResult) => void,
): Promise<Ended> {
  const child = spawn(process.execPath, ["--conditions=@memcube/source", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let last: number | undefined;
  let hung = false;
  let complaint = "";
  const watch = () =>
    setTimeout(() => {
      hung = true;
      child.kill("SIGKILL");
    }, HANG_MS);
  let timer = watch();
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaint = (complaint + text).slice(-2_000);
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    clearTimeout(timer);
    timer = watch();
    if (line.startsWith("BEGIN ")) last = Number(line.slice(6));
    if (line.startsWith("CASE ")) onCase(JSON.parse(line.slice(5)) as CaseResult);
  });
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  clearTimeout(timer);
  return { how: hung ? "hang" : code === 0 ? "done" : "crash", last, complaint };
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

const CASES = 2_000;

/** Damage to stored states. */
export async function benchDamage(report: Report): Promise<void> {
  reportDamage("damage", await runDamage(CASES), report);
}

/** Damaged LoRAs, pages, links and claims. */
export async function benchDamagedFiles(report: Report): Promise<void> {
  reportDamage("damaged-files", await runDamage(CASES, 1, "files"), report);
}

function reportDamage(name: string, found: DamageReport, report: Report): void {
  const { crashes, hangs, wrong, kinds } = found;
  const add = (metric: string, value: number) =>
    report({ case: name, subject: "memcube", metric, value, unit: "cases" });
  for (const [kind, value] of kinds) add(kind, value);
  add("crashes", crashes.length);
  add("hangs", hangs.length);
  add("wrong outputs", wrong.length);
  for (const each of [...crashes, ...hangs, ...wrong]) console.error(each);
  if (crashes.length + hangs.length + wrong.length > 0) throw new Error("damage got through");
}
