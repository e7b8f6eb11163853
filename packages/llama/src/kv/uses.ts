import { appendFile } from "node:fs/promises";
import { join } from "node:path";

import { readWhole, writeWhole } from "./files.ts";

const LINE = /^([0-9a-f]{64}) (\d{1,15})$/;
/** Uses held before they are written: the bound on what a crash may lose. */
const BUFFER = 64;
const FLUSH_DELAY_MS = 1_000;
/** A log of uses beyond this is cut to its newer half: old uses weigh next to nothing. */
const MAX_LOG_BYTES = 1 << 20;

/** One restore: the last page of what was restored, and when. */
export interface Use {
  readonly key: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Which prefixes were restored when, appended to a file per scope. Losable. */
export class UseLog {
  readonly #buffers = new Map<string, Use[]>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  add(folder: string, use: Use): void {
    const buffer = this.#buffers.get(folder) ?? [];
    buffer.push(use);
    this.#buffers.set(folder, buffer);
    if (buffer.length >= BUFFER) void this.flush();
    this.#timer ??= setTimeout(() => void this.flush(), FLUSH_DELAY_MS).unref();
  }

  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const buffers = [...this.#buffers];
    this.#buffers.clear();
    this.#writing = this.#writing.then(async () => {
      for (const [folder, uses] of buffers) {
        const lines = uses.map(({ key, at }) => `${key} ${at}\n`).join("");
        // Counts are worth no failure: without room for them eviction goes by age.
        await appendFile(join(folder, "uses"), lines, { mode: 0o600 }).catch(() => undefined);
      }
    });
    await this.#writing;
  }
}

/** Uses in a scope's folder, oldest first; lines that are none are left out. */
export async function readUses(folder: string, incoming: string): Promise<readonly Use[]> {
  const path = join(folder, "uses");
  const text = (await readWhole(path))?.toString() ?? "";
  const lines = text.split("\n");
  const kept = text.length > MAX_LOG_BYTES ? lines.slice(lines.length >> 1) : lines;
  if (kept !== lines) await writeWhole(path, kept.join("\n"), incoming);
  return kept.flatMap((line) => {
    const [, key, at] = LINE.exec(line) ?? [];
    return key === undefined ? [] : [{ key, at: Number(at) }];
  });
}
