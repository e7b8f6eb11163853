import { join } from "node:path";

import { namesIn, readWhole, removeFile, writeWhole } from "./files.ts";

const HASH = /^[0-9a-f]{64}$/;

/** Files named by a SHA-256: `<folder>/<aa>/<hash>`. */
export class HashedFiles {
  readonly #folder: string;
  readonly #incoming: string;

  constructor(folder: string, incoming: string) {
    this.#folder = folder;
    this.#incoming = incoming;
  }

  async read(hash: string): Promise<Buffer | undefined> {
    return await readWhole(this.#path(hash));
  }

  async write(hash: string, bytes: Uint8Array | string): Promise<void> {
    await writeWhole(this.#path(hash), bytes, this.#incoming);
  }

  async remove(hash: string): Promise<boolean> {
    return await removeFile(this.#path(hash));
  }

  /** Every hash there is, in ascending order. */
  async *list(): AsyncGenerator<string, void, undefined> {
    for (const start of await namesIn(this.#folder)) {
      for (const name of await namesIn(join(this.#folder, start))) {
        if (HASH.test(name)) yield name;
      }
    }
  }

  #path(hash: string): string {
    if (!HASH.test(hash)) throw new TypeError("a hash that is none");
    return join(this.#folder, hash.slice(0, 2), hash);
  }
}
