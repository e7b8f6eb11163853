/**
 * Damaged files that come from outside, one after the other: LoRAs as GGUF, LoRAs as PEFT saves them, pages,
 * links and claims. Each is refused in the way its reader promises, or read; a LoRA that passes is given to
 * llama.cpp, which must live. Prints `BEGIN n` and `CASE {...}` as `damage-child.ts` does.
 *
 * Arguments: work directory, first case, number of cases, seed.
 */
import { canonicalJson, isMemCubeError } from "@memcube/core";
import { checkLora, loraDirectory } from "@memcube/llama";
import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { readGguf } from "../../../packages/llama/src/gguf/read-gguf.ts";
import { readTensor } from "../../../packages/llama/src/gguf/tensor-values.ts";
import { readClaim } from "../../../packages/llama/src/kv/claim-file.ts";
import { decodeLink, encodeLink, linkOf } from "../../../packages/llama/src/kv/link.ts";
import { decodePage } from "../../../packages/llama/src/kv/page.ts";
import { wantedPages } from "../../../packages/llama/src/kv/page-keys.ts";
import { ints } from "../../../packages/llama/src/kv/state-chunks.ts";
import { someTokens, testLlama } from "../../../packages/llama/src/kv/testing.ts";
import { tinyLora, tinyModel } from "../../../packages/llama/src/testing/index.ts";
import { randomOf } from "../random.ts";
import { damagedBytes, damagedText, type Random } from "./damaged-bytes.ts";

const [work = "", first = "0", count = "10", seed = "1"] = process.argv.slice(2);
const folder = join(work, `files-${process.pid}`);
await mkdir(folder, { recursive: true });
const modelPath = await tinyModel();
const modelSha256 = createHash("sha256")
  .update(await readFile(modelPath))
  .digest("hex");
const base = { modelPath, modelSha256 };
const llama = await testLlama();
const model = await llama.loadModel({ modelPath });
const loras = loraDirectory({ directory: join(folder, "loras") });
const lora = await loraBytes();
const headerBytes = Math.min(
  ...[...(await readGguf(join(folder, "lora.gguf"))).tensors.values()].map(({ offset }) => offset),
);
const peft = await peftFiles();
const key = "a".repeat(64);

const KINDS: readonly ((random: Random, number: number) => Promise<string>)[] = [
  ggufLora,
  ggufLora,
  typedLora,
  peftConfig,
  peftTensors,
  pageBytes,
  linkText,
  claimText,
];

for (let number = Number(first); number < Number(first) + Number(count); number += 1) {
  console.log(`BEGIN ${number}`);
  const random = randomOf(Number(seed) * 200_003 + number);
  const run = KINDS[number % KINDS.length]!;
  let reason: string;
  let wrong = false;
  try {
    reason = await run(random, number);
  } catch (error) {
    reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    wrong = true;
  }
  console.log(`CASE ${JSON.stringify({ number, kind: run.name, wrong, reason })}`);
}
await model.dispose();
await llama.dispose();
await rm(folder, { recursive: true, force: true });

async function ggufLora(random: Random, number: number): Promise<string> {
  const span = random() < 0.8 ? headerBytes : lora.length;
  return await loraCase(damagedBytes(lora, span, random), number);
}

/** Metadata of other types: llama.cpp asserts that they are those it expects. */
async function typedLora(random: Random, number: number): Promise<string> {
  const path = join(folder, `typed-${number}.gguf`);
  const values = [
    { uint32: 8 },
    { int32: -8 },
    { float32: 8 },
    { bool: true },
    { string: "8" },
    { strings: ["a", "b"] },
    { int32s: [1, 2, 3] },
  ] as const;
  const keys = [
    "adapter.lora.alpha",
    "general.alignment",
    "general.architecture",
    "general.type",
    "adapter.type",
    "general.name",
    "adapter.alora.invocation_tokens",
    "adapter.lora.task_name",
    "adapter.lora.prompt_prefix",
  ];
  const metadata = { [pick(keys, random)]: pick(values, random) };
  await tinyLora(path, { base: modelPath, baseSha256: modelSha256, metadata });
  return await loraCase(await readFile(path), number);
}

async function loraCase(bytes: Uint8Array, number: number): Promise<string> {
  // llama.cpp remembers LoRAs by their path.
  const path = join(folder, `case-${number}.gguf`);
  await writeFile(path, bytes);
  try {
    await checkLora(path, base);
  } catch (error) {
    if (!isMemCubeError(error, "MEMCUBE_LORA_INVALID")) throw error;
    return "refused";
  }
  const context = await model
    .createContext({ contextSize: 256, lora: path })
    .catch((error: unknown) => error);
  if (context instanceof Error) return "refused by llama.cpp";
  const opened = context as Awaited<ReturnType<typeof model.createContext>>;
  const sequence = opened.getSequence();
  type Tokens = Parameters<typeof sequence.evaluateWithoutGeneratingNewTokens>[0];
  await sequence.evaluateWithoutGeneratingNewTokens([1, 2, 3] as Tokens);
  await opened.dispose();
  return "loaded";
}

async function peftConfig(random: Random): Promise<string> {
  return await peftCase(damagedText(peft.config, random), peft.tensors);
}

async function peftTensors(random: Random): Promise<string> {
  const span = random() < 0.8 ? peft.headerBytes : peft.tensors.length;
  return await peftCase(peft.config, damagedBytes(peft.tensors, span, random));
}

async function peftCase(config: string, tensors: Uint8Array): Promise<string> {
  const directory = join(folder, "peft");
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, "adapter_config.json"), config);
  await writeFile(join(directory, "adapter_model.safetensors"), tensors);
  try {
    await loras.addPeft(directory, { base });
    return "taken";
  } catch (error) {
    if (!isMemCubeError(error, "MEMCUBE_LORA_INVALID")) throw error;
    return "refused";
  }
}

async function pageBytes(random: Random): Promise<string> {
  const bytes = soundPage();
  return decodePage(damagedBytes(bytes, random() < 0.7 ? 40 : bytes.length, random)) === undefined
    ? "refused"
    : "read";
}

async function linkText(random: Random): Promise<string> {
  const salt = Buffer.alloc(32, 1);
  const [page] = wantedPages(key, someTokens(256));
  if (page === undefined) throw new Error("no page");
  const owner = { modelSha256, engineKey: "engine", lora: [] };
  const sizes = { storedBytes: 1, sizeBytes: 1, costMs: 1, createdAt: 1 };
  const sound = linkOf(page, { page: key, coding: "none", owner, ...sizes });
  const link = decodeLink(damagedText(encodeLink(sound, salt), random), salt);
  if (link !== undefined && canonicalJson(link) !== canonicalJson(sound)) {
    throw new Error("another link was read");
  }
  return link === undefined ? "refused" : "read";
}

async function claimText(random: Random): Promise<string> {
  const place = { folder, incoming: join(folder, "new") };
  const id = "11111111-1111-4111-8111-111111111111";
  await mkdir(join(folder, "claims"), { recursive: true });
  const note = JSON.stringify({ id, host: "here", pid: 1, keys: [key] });
  const beat = JSON.stringify({ done: 0, pageMs: 5, beat: 3 });
  const which = random() < 0.5;
  await writeFile(join(folder, "claims", key), which ? damagedText(note, random) : note);
  await writeFile(join(folder, "claims", id), which ? beat : damagedText(beat, random));
  return (await readClaim(place, key)) === undefined ? "refused" : "read";
}

function soundPage(): Buffer {
  const head = [0x56_4b_43_4d, 1, 0, 256, 2, 1, 8, 1, 8, 1, 8, 1, 8];
  return Buffer.concat([ints([...head, ...someTokens(256)]), Buffer.alloc(4 * 256 * 8, 3)]);
}

async function loraBytes(): Promise<Buffer> {
  const path = join(folder, "lora.gguf");
  await tinyLora(path, { base: modelPath, baseSha256: modelSha256 });
  return await readFile(path);
}

/** The same LoRA as PEFT saves one. */
async function peftFiles() {
  const { open } = await import("node:fs/promises");
  const file = await open(join(folder, "lora.gguf"));
  const header = await readGguf(join(folder, "lora.gguf"));
  const entries: Record<string, unknown> = {};
  const parts: Buffer[] = [];
  let at = 0;
  for (const layer of [0, 1]) {
    for (const half of ["a", "b"]) {
      const tensor = header.tensors.get(`blk.${layer}.attn_v.weight.lora_${half}`);
      if (tensor === undefined) throw new Error("no such tensor");
      const values = await readTensor(file, tensor);
      const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
      const name = `base_model.model.model.layers.${layer}.self_attn.v_proj.lora_${half.toUpperCase()}.weight`;
      const shape = [...tensor.shape].toReversed();
      entries[name] = { dtype: "F32", shape, data_offsets: [at, at + bytes.length] };
      parts.push(bytes);
      at += bytes.length;
    }
  }
  await file.close();
  const head = Buffer.from(JSON.stringify(entries));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(head.length));
  const config = JSON.stringify({ peft_type: "LORA", lora_alpha: 8, r: 4, bias: "none" });
  const tensors = Buffer.concat([length, head, ...parts]);
  return { config, tensors, headerBytes: 8 + head.length };
}

function pick<T>(values: readonly T[], random: Random): T {
  return values[Math.floor(random() * values.length)] as T;
}
