import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { link, mkdir, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { z } from "zod";

import { type GgufWriteTensor, writeGguf } from "../gguf/write-gguf.ts";
import { readGguf } from "../gguf/read-gguf.ts";
import { fileId, isCode, namesIn, readWhole, removeFile, writeWhole } from "../kv/files.ts";
import { removeLeftover } from "../kv/leftovers.ts";
import { BASE_KEY, checkLora, type LoraInfo, pairsOf } from "./check-lora.ts";
import { loraInvalid } from "./invalid.ts";
import { readPeft } from "./peft.ts";
import type { LoraBase, LoraSource, ResolvedLora } from "./types.ts";

const SHA256 = /^[0-9a-f]{64}$/;
const FILE = /^([0-9a-f]{64})\.gguf$/;
/** What is being written: a LoRA, or the file of a name. */
const UNFINISHED = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(\.part)?$/;
const nameSchema = z.string().min(1).max(256);
const namedSchema = z.strictObject({ name: nameSchema, sha256: z.string().regex(SHA256) });

/** Options of {@link loraDirectory}. */
export interface LoraDirectoryOptions {
  /** Made when missing, for this user only. Processes may share it; what one that died was writing goes. */
  readonly directory: string;
}

export interface AddedLora extends LoraInfo, ResolvedLora {}

export interface AddLoraOptions {
  /** The model that the LoRA is for. */
  readonly base: LoraBase;
  /** Name under which requests may choose it; a name that is taken moves to this file. */
  readonly name?: string;
  /**
   * Takes a file that does not say which model it was made for: the caller says that it is `base`. Its
   * shapes are checked all the same. @default false
   */
  readonly assertBase?: boolean;
}

/**
 * LoRA files by the SHA-256 of their content, each checked against its base before it is taken and again
 * before it is first used. What lies under a path never changes, since llama.cpp remembers LoRAs by path.
 */
export class LoraDirectory implements LoraSource {
  readonly #directory: string;
  /** Files that this process has checked, by base: an equal file id is an equal file. */
  readonly #checked = new Map<string, string>();
  #isSwept = false;

  constructor({ directory }: LoraDirectoryOptions) {
    this.#directory = directory;
  }

  /**
   * Takes a GGUF LoRA.
   *
   * @throws MemCubeError `MEMCUBE_LORA_INVALID` with `details.defect`
   */
  async add(path: string, { base, name, assertBase = false }: AddLoraOptions): Promise<AddedLora> {
    await checkLora(path, base, { assertBase });
    return await this.#take(name, base, (copy) => stamped(path, copy, base));
  }

  /**
   * Takes a LoRA as PEFT saves it (`adapter_config.json`, `adapter_model.safetensors`), for a base of
   * the architectures llama, qwen2 and qwen3.
   *
   * @throws MemCubeError `MEMCUBE_LORA_INVALID` with `details.defect`; `not-supported` for DoRA, trained
   * biases, saved modules and targets other than linear layers
   */
  async addPeft(
    directory: string,
    { base, name }: Omit<AddLoraOptions, "assertBase">,
  ): Promise<AddedLora> {
    const { metadata, tensors } = await readPeft(directory, base);
    return await this.#take(name, base, (copy) =>
      writeGguf(copy, { ...metadata, [BASE_KEY]: { string: base.modelSha256 } }, tensors),
    );
  }

  async resolve(id: string, base: LoraBase): Promise<ResolvedLora | undefined> {
    const sha256 = SHA256.test(id) ? id : await this.#named(id);
    if (sha256 === undefined) return undefined;
    const path = this.#path(sha256);
    const found = await fileId(path);
    if (found === undefined) return undefined;
    const checked = `${sha256} ${base.modelSha256}`;
    if (this.#checked.get(checked) !== found) {
      if ((await hashOfFile(path)) !== sha256) {
        throw loraInvalid("damaged", "its file has other bytes than it was added with", { sha256 });
      }
      await checkLora(path, base);
      this.#checked.set(checked, found);
    }
    return { path, sha256 };
  }

  /** Files and the names they go by, in the order of their hashes. */
  async list(): Promise<readonly { readonly sha256: string; readonly names: readonly string[] }[]> {
    const names = new Map<string, string[]>();
    for (const file of await namesIn(join(this.#directory, "names"))) {
      const named = await this.#readName(file);
      if (named !== undefined) {
        names.set(named.sha256, [...(names.get(named.sha256) ?? []), named.name]);
      }
    }
    return (await namesIn(this.#directory)).flatMap((file) => {
      const [, sha256] = FILE.exec(file) ?? [];
      return sha256 === undefined ? [] : [{ sha256, names: names.get(sha256) ?? [] }];
    });
  }

  /** Whether there was one. An engine that has it loaded keeps it until its model is closed. */
  async remove(sha256: string): Promise<boolean> {
    return SHA256.test(sha256) && (await removeFile(this.#path(sha256)));
  }

  async #take(
    name: string | undefined,
    base: LoraBase,
    write: (copy: string) => Promise<unknown>,
  ): Promise<AddedLora> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    if (!this.#isSwept) await this.#sweep();
    const copy = join(this.#directory, `${randomUUID()}.part`);
    try {
      await write(copy);
      // What was written is checked, not what was read.
      const info = await checkLora(copy, base);
      const sha256 = await hashOfFile(copy);
      const path = this.#path(sha256);
      await link(copy, path).catch(async (error: unknown) => {
        if (!isCode(error, "EEXIST")) throw error;
        // The same content is there already: its path stays the same file. A damaged one was never loaded,
        // and one that was removed meanwhile is not there.
        const found = await hashOfFile(path).catch(orGone);
        if (found !== sha256) await rename(copy, path);
      });
      if (name !== undefined) await this.#name(nameSchema.parse(name), sha256);
      return { ...info, path, sha256 };
    } finally {
      await rm(copy, { force: true });
    }
  }

  /** What processes that died were writing: each process looks once, before it writes itself. */
  async #sweep(): Promise<void> {
    this.#isSwept = true;
    for (const name of await namesIn(this.#directory)) {
      if (UNFINISHED.test(name)) await removeLeftover(join(this.#directory, name), Date.now());
    }
  }

  #path(sha256: string): string {
    return join(this.#directory, `${sha256}.gguf`);
  }

  async #name(name: string, sha256: string): Promise<void> {
    const path = join(this.#directory, "names", nameFile(name));
    await writeWhole(path, JSON.stringify({ name, sha256 }), this.#directory);
  }

  async #named(name: string): Promise<string | undefined> {
    return (await this.#readName(nameFile(name)))?.sha256;
  }

  async #readName(file: string): Promise<z.infer<typeof namedSchema> | undefined> {
    const text = await readWhole(join(this.#directory, "names", file));
    if (text === undefined) return undefined;
    try {
      return namedSchema.parse(JSON.parse(text.toString()));
    } catch (error) {
      throw loraInvalid("damaged", "the file of its name is damaged", { file }, error);
    }
  }
}

/** Opens a directory of LoRAs; nothing is read or made before it is used. */
export function loraDirectory(options: LoraDirectoryOptions): LoraDirectory {
  return new LoraDirectory(options);
}

/** A digest, so that a name can't be a path. */
function nameFile(name: string): string {
  return createHash("sha256").update(name).digest("hex");
}

function orGone(error: unknown): undefined {
  if (!isCode(error, "ENOENT")) throw error;
}

async function hashOfFile(path: string): Promise<string> {
  const digest = createHash("sha256");
  await pipeline(createReadStream(path), digest);
  return digest.digest("hex");
}

/** Writes a checked LoRA anew: what llama.cpp needs of it, and the base it belongs to. */
async function stamped(from: string, to: string, base: LoraBase): Promise<void> {
  const header = await readGguf(from, { code: "MEMCUBE_LORA_INVALID" });
  const file = await open(from, "r");
  try {
    const tensors: GgufWriteTensor[] = [];
    for (const tensor of pairsOf(header).flatMap(({ a, b }) => [a, b])) {
      const bytes = Buffer.alloc(tensor.sizeBytes);
      const { bytesRead } = await file.read(bytes, 0, bytes.length, tensor.offset);
      if (bytesRead !== bytes.length) throw loraInvalid("damaged", "the file became shorter");
      const { name, type, shape } = tensor;
      tensors.push({ name, type, shape, data: () => [bytes] });
    }
    const { metadata } = header;
    const alpha = metadata.get("adapter.lora.alpha");
    const name = metadata.get("general.name");
    await writeGguf(
      to,
      {
        "general.architecture": { string: String(metadata.get("general.architecture")) },
        "general.type": { string: "adapter" },
        ...(typeof name === "string" ? { "general.name": { string: name } } : {}),
        "adapter.type": { string: "lora" },
        "adapter.lora.alpha": { float32: Number(alpha) },
        [BASE_KEY]: { string: base.modelSha256 },
      },
      tensors,
    );
  } finally {
    await file.close();
  }
}
