import type { LoraFile } from "@memcube/core";
import { randomUUID } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { loraInvalid } from "../lora/invalid.ts";
import { type LoraDirectory, loraDirectory } from "../lora/lora-directory.ts";
import type { LoraBase, LoraSource, ResolvedLora } from "../lora/types.ts";
import { makeLoraFolder } from "./lora-folder.ts";

/**
 * LoRAs that cubes gave to this engine, beside those of its own source. Their files lie in a folder for
 * this user only, which goes with the engine: they are the cubes', not the machine's.
 */
export class TakenLoras implements LoraSource {
  readonly #source: LoraSource | undefined;
  readonly #base: LoraBase;
  #folder: Promise<string> | undefined;
  #directory: LoraDirectory | undefined;

  constructor(source: LoraSource | undefined, base: LoraBase) {
    this.#source = source;
    this.#base = base;
  }

  /** @throws MemCubeError `MEMCUBE_LORA_INVALID` */
  async take({ bytes, baseModelSha256 }: LoraFile, signal?: AbortSignal): Promise<string> {
    const base = this.#base;
    if (baseModelSha256 !== base.modelSha256) {
      const details = { named: baseModelSha256, expected: base.modelSha256 };
      throw loraInvalid("foreign-base", "it was made for another model file", details);
    }
    const folder = await this.#ownFolder();
    this.#directory ??= loraDirectory({ directory: folder });
    signal?.throwIfAborted();
    const path = join(folder, `${randomUUID()}.part`);
    try {
      await writeFile(path, bytes, { mode: 0o600 });
      // Whoever kept it said for which model it is; its own word, if it has one, must be the same.
      return (await this.#directory.add(path, { base, assertBase: true })).sha256;
    } finally {
      await rm(path, { force: true });
    }
  }

  /** Made when it is first needed; tried again when that failed. */
  async #ownFolder(): Promise<string> {
    this.#folder ??= makeLoraFolder();
    try {
      return await this.#folder;
    } catch (error) {
      this.#folder = undefined;
      throw error;
    }
  }

  async resolve(
    id: string,
    base: LoraBase,
    options?: { readonly signal?: AbortSignal },
  ): Promise<ResolvedLora | undefined> {
    const taken = await this.#directory?.resolve(id, base);
    return taken ?? (await this.#source?.resolve(id, base, options));
  }

  /** Removes the file of a LoRA that was taken. */
  async drop(sha256: string): Promise<void> {
    await this.#directory?.remove(sha256);
  }

  async close(): Promise<void> {
    if (this.#folder !== undefined) await rm(await this.#folder, { recursive: true, force: true });
  }
}
