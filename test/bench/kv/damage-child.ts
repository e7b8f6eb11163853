/**
 * Runs damage cases one after the other and prints a line for each: `CASE {...}`. A crash ends the process,
 * and the parent knows by the last line which case it was.
 *
 * Arguments: work directory, first case, number of cases, seed.
 */
import { spawnSync } from "node:child_process";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { openKvStore } from "../../../packages/llama/src/kv/kv-store.ts";
import { bufferSource, parseState } from "../../../packages/llama/src/kv/state-file.ts";
import {
  someTokens,
  testLlama,
  testModel,
  type TestSequence,
} from "../../../packages/llama/src/kv/testing.ts";
import { tinyLora, tinyModel } from "../../../packages/llama/src/testing/index.ts";
import { randomOf } from "../random.ts";
import { DAMAGES, filesOf } from "./damage-cases.ts";

const [work = "", first = "0", count = "10", seed = "1"] = process.argv.slice(2);
const SCOPE = "tenant";
const TOKENS = someTokens(900, 17);
const QUESTION = someTokens(16, 23);
const WHOLE = 768;
const ANSWER = 12;

const llama = await testLlama();
const model = await testModel(llama, await tinyModel());
const foreignModel = await testModel(llama, await tinyModel({ seed: 2 }));
const loraPath = join(work, `lora-${process.pid}.gguf`);
await mkdir(work, { recursive: true });
await tinyLora(loraPath, { base: await tinyModel() });

const sequence = await one(model.sequences(1));
const second = await one(model.sequences(1));
const foreignSequence = await one(foreignModel.sequences(1));
const withLora = await one(
  model.sequences(1, {
    lora: loraPath,
    identity: { lora: [{ sha256: "a".repeat(64), scale: 1 }] },
  }),
);
const expected = await answered(sequence);
const foreignExpected = await answered(foreignSequence);
const loraExpected = await answered(withLora);
const pristine = await stored("pristine", sequence);
const foreign = await stored("foreign", foreignSequence);
const state = await stateOf(sequence);

for (let number = Number(first); number < Number(first) + Number(count); number += 1) {
  console.log(`BEGIN ${number}`);
  const random = randomOf(Number(seed) * 100_003 + number);
  const result = await runCase(number, random);
  console.log(`CASE ${JSON.stringify({ number, ...result })}`);
}
await llama.dispose();

interface Result {
  readonly kind: string;
  readonly wrong: boolean;
  readonly reason: string;
}

async function runCase(number: number, random: () => number): Promise<Result> {
  const special = [
    raced,
    otherModel,
    otherLora,
    otherBuild,
    fullDisk,
    stateFile,
    stateFile,
    stateFile,
  ];
  const at = number % (DAMAGES.length + special.length);
  const run = special[at - DAMAGES.length];
  return run === undefined ? await onDisk(at, random) : await run(random);
}

/** Damage on disk, then the question. */
async function onDisk(at: number, random: () => number): Promise<Result> {
  const damage = DAMAGES[at]!;
  return await inCopy(async (directory) => {
    await damage.damage({ directory, foreign, random });
    const { wrong, reason } = await asked(directory, sequence, expected);
    return { kind: damage.kind, wrong, reason };
  });
}

/** Files are damaged, removed and replaced while two sequences fill from two stores. */
async function raced(random: () => number): Promise<Result> {
  return await inCopy(async (directory) => {
    let done = false;
    const vandal = (async () => {
      while (!done) {
        const damage = DAMAGES[Math.floor(random() * DAMAGES.length)]!;
        // Files come and go under it.
        await damage.damage({ directory, foreign, random }).catch(() => undefined);
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    const other = openKvStore({ directory });
    const results = await Promise.all([
      asked(directory, sequence, expected),
      asked(directory, second, expected),
      other.then(async (store) => {
        await store.collect().catch(() => undefined);
        await store.close();
      }),
    ]);
    done = true;
    await vandal;
    const [a, b] = results;
    return { kind: "race", wrong: a.wrong || b.wrong, reason: a.reason };
  });
}

/** A disk with room for some of it; stored twice, and the state passes through it too. */
async function fullDisk(random: () => number): Promise<Result> {
  const directory = join(work, `disk-${process.pid}`);
  await mkdir(directory, { recursive: true });
  const size = `size=${Math.floor(4 + random() * 1_200)}k`;
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", size, "tmpfs", directory]).status === 0;
  if (!mounted) return { kind: "full disk", wrong: false, reason: "no disk can be mounted here" };
  try {
    const first = await asked(directory, sequence, expected, WHOLE, directory);
    const again = await asked(directory, second, expected, WHOLE, directory);
    return { kind: "full disk", wrong: first.wrong || again.wrong, reason: again.reason };
  } finally {
    spawnSync("umount", [directory]);
  }
}

async function otherModel(): Promise<Result> {
  return await inCopy(async (directory) => ({
    kind: "foreign model",
    ...(await asked(directory, foreignSequence, foreignExpected, 0)),
  }));
}

async function otherLora(): Promise<Result> {
  return await inCopy(async (directory) => ({
    kind: "foreign LoRA",
    ...(await asked(directory, withLora, loraExpected, 0)),
  }));
}

async function otherBuild(random: () => number): Promise<Result> {
  const { identity } = sequence;
  const changes = [
    { engineBuild: "another" },
    { backend: "cpu/other" },
    { batchSchedule: "512" },
    { kvTypes: { key: "Q8_0", value: "Q8_0" } },
    { contextParameters: "other" },
  ];
  const change = changes[Math.floor(random() * changes.length)];
  const other = { ...sequence, identity: { ...identity, ...change } };
  return await inCopy(async (directory) => ({
    kind: "other version",
    ...(await asked(directory, other, expected, 0)),
  }));
}

/**
 * A whole state file, damaged in its structure: what our parser lets through llama.cpp must survive. (That
 * the numbers are right is what the hash is for.)
 */
async function stateFile(random: () => number): Promise<Result> {
  const bytes = Buffer.from(state);
  const tokens = bytes.readUInt32LE(8);
  const body = 12 + 4 * tokens;
  const cells = body + 8;
  const data = cells + 12 * tokens;
  const heads = [
    0,
    4,
    8,
    body,
    body + 4,
    cells,
    cells + 4,
    cells + 8,
    data,
    data + 4,
    data + 8,
    data + 12,
  ];
  let damaged = bytes;
  const how = Math.floor(random() * 4);
  if (how === 0) {
    damaged = bytes.subarray(0, Math.floor(random() * bytes.length));
  } else if (how === 1) {
    const at = heads[Math.floor(random() * heads.length)]!;
    damaged = bytes.subarray(0, Math.max(0, at + Math.floor(random() * 9) - 4));
  } else {
    const values = [
      0,
      1,
      2,
      255,
      256,
      -1,
      0x7fffffff,
      -0x80000000,
      513,
      Math.floor(random() * 1e9),
    ];
    const layer = data + 8 + Math.floor(random() * 8) * (12 + tokens * 128);
    const at =
      how === 2
        ? heads[Math.floor(random() * heads.length)]!
        : layer + 4 * Math.floor(random() * 3);
    if (at + 4 <= bytes.length)
      bytes.writeInt32LE(values[Math.floor(random() * values.length)]!, at);
  }
  const parsed = parseState(bufferSource(damaged));
  if (!parsed.ok) return { kind: "state file", wrong: false, reason: `refused: ${parsed.defect}` };
  const path = join(work, `state-${process.pid}`);
  await writeFile(path, damaged);
  await sequence.loadState(path).catch(() => undefined);
  await sequence.truncate(0);
  return { kind: "state file", wrong: false, reason: "let through" };
}

/** Fills from a directory and answers; everything that is restored must give the same answer. */
async function asked(
  directory: string,
  who: TestSequence,
  right: readonly number[],
  atMost = WHOLE,
  scratchDirectory?: string,
): Promise<{ readonly wrong: boolean; readonly reason: string }> {
  const store = await openKvStore({ directory, ...(scratchDirectory && { scratchDirectory }) });
  try {
    await who.truncate(0);
    const filled = await store.fill(who, { scope: SCOPE, tokens: TOKENS });
    await filled.saved;
    const answer = await who.greedy([...TOKENS.slice(WHOLE), ...QUESTION], ANSWER);
    const wrong = answer.join() !== right.join() || filled.restoredTokens > atMost;
    return { wrong, reason: filled.reason ?? `restored ${filled.restoredTokens}` };
  } finally {
    await store.close();
  }
}

async function answered(who: TestSequence): Promise<number[]> {
  await who.truncate(0);
  await who.prefill(TOKENS.slice(0, WHOLE));
  return await who.greedy([...TOKENS.slice(WHOLE), ...QUESTION], ANSWER);
}

async function inCopy(run: (directory: string) => Promise<Result>): Promise<Result> {
  const directory = join(work, `case-${process.pid}`);
  await rm(directory, { recursive: true, force: true });
  await cp(pristine, directory, { recursive: true });
  return await run(directory);
}

async function stored(name: string, who: TestSequence): Promise<string> {
  const directory = join(work, `${name}-${process.pid}`);
  await rm(directory, { recursive: true, force: true });
  const store = await openKvStore({ directory });
  await who.truncate(0);
  await (
    await store.fill(who, { scope: SCOPE, tokens: TOKENS })
  ).saved;
  await store.close();
  if ((await filesOf(directory, "pages")).length !== 3) throw new Error("nothing was stored");
  return directory;
}

async function stateOf(who: TestSequence): Promise<Buffer> {
  const path = join(work, `whole-${process.pid}`);
  await who.truncate(512);
  await who.saveState(path);
  return await readFile(path);
}

async function one(sequences: Promise<readonly TestSequence[]>): Promise<TestSequence> {
  const [only] = await sequences;
  if (only === undefined) throw new Error("no sequence");
  return only;
}
