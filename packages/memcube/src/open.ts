import { createMemOS, type MemOS, type MemOSOptions } from "@memcube/core";

import { openFile } from "./open-file.ts";

/** Options of {@link open}: those of `createMemOS`, with a file instead of a storage. */
export interface OpenOptions extends Omit<MemOSOptions, "storage"> {
  /**
   * File that holds the memories; it is made, with its folder, when it is not there. `:memory:`
   * keeps nothing beyond this process.
   * @default "memory.db"
   */
  readonly path?: string;
  /**
   * What an acknowledged write survives: `power` a power failure, `process` a crash of every
   * process.
   * @default "power"
   */
  readonly durability?: "power" | "process";
  /** How long a call waits for another process before `MEMCUBE_BUSY`. @default 5000 */
  readonly busyTimeoutMs?: number;
  /** A storage of your own, instead of a file; `close()` closes it. */
  readonly storage?: MemOSOptions["storage"];
}

/** Every option, so that a mistyped one is told to those who write plain JavaScript. */
const KNOWN: Readonly<Record<keyof OpenOptions, "file" | "os">> = {
  path: "file",
  durability: "file",
  busyTimeoutMs: "file",
  storage: "os",
  embedder: "os",
  tokenizer: "os",
  engine: "os",
  engines: "os",
  promotion: "os",
  promptStates: "os",
  signer: "os",
  parsers: "os",
  indexBudgetBytes: "os",
  memoryBudgetBytes: "os",
  hotCommits: "os",
  worker: "os",
  clock: "os",
  ids: "os",
};

/**
 * Opens a memory OS over a file, ready to use; several processes may have the same file open. Close
 * it with `close()`, or declare it with `await using`.
 *
 * @throws TypeError for wrong options
 * @throws MemCubeError `MEMCUBE_STORAGE_DAMAGED` (also for a file of another program),
 * `MEMCUBE_STORAGE_NEWER`, `MEMCUBE_STORAGE_FULL`, `MEMCUBE_STORAGE_FAILED`, `MEMCUBE_BUSY`
 */
export async function open(options: OpenOptions = {}): Promise<MemOS> {
  checkOptions(options);
  const { path = "memory.db", durability, busyTimeoutMs, storage: given, ...rest } = options;
  const file = {
    path,
    ...(durability === undefined ? {} : { durability }),
    ...(busyTimeoutMs === undefined ? {} : { busyTimeoutMs }),
  };
  const storage = given ?? (await openFile(file));
  try {
    return createMemOS({ ...rest, storage });
  } catch (error) {
    await storage.close();
    throw error;
  }
}

function checkOptions(options: unknown): asserts options is OpenOptions {
  if (typeof options === "string") {
    throw new TypeError(`open takes options: open({ path: ${JSON.stringify(options)} })`);
  }
  if (typeof options !== "object" || options === null) throw new TypeError("open takes options");
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(KNOWN, name)) continue;
    throw new TypeError(`open: unknown option ${name}; known are ${Object.keys(KNOWN).join(", ")}`);
  }
  const { path, storage } = options as OpenOptions;
  if (path !== undefined && (typeof path !== "string" || path === "")) {
    throw new TypeError("open: path is the name of a file");
  }
  if (storage === undefined) return;
  for (const [name, where] of Object.entries(KNOWN)) {
    if (where !== "file" || (options as Record<string, unknown>)[name] === undefined) continue;
    throw new TypeError(
      `open: give storage or ${name}, not both: ${name} is an option of the file`,
    );
  }
}
