import { resolve } from "node:path";
import { z } from "zod";

/** Options of {@link sqliteStorage}. */
export interface SqliteStorageOptions {
  /** The database file; its folder is made when it is missing. `:memory:` keeps nothing. */
  readonly path: string;
  /**
   * What an acknowledged write survives: `power` a power failure (one fsync for each group of
   * commits), `process` a crash of every process.
   * @default "power"
   */
  readonly durability?: "power" | "process";
  /** Where blobs lie. @default `${path}.blobs`; for `:memory:`, RAM */
  readonly blobDirectory?: string;
  /** How long a call waits for another process before `MEMCUBE_BUSY`. @default 5000 */
  readonly busyTimeoutMs?: number;
  /** RAM for pages of the database. @default 32 MiB */
  readonly cacheBytes?: number;
  /** The file grows to so many pages (4 KiB each) at most; then `MEMCUBE_STORAGE_FULL`. */
  readonly maxPages?: number;
}

const optionsSchema = z.strictObject({
  path: z.string().min(1),
  durability: z.enum(["power", "process"]).default("power"),
  blobDirectory: z.string().min(1).optional(),
  busyTimeoutMs: z.int().min(0).max(600_000).default(5_000),
  cacheBytes: z
    .int()
    .min(1_048_576)
    .default(32 * 1_048_576),
  maxPages: z.int().min(1).optional(),
});

export interface ParsedOptions extends Required<
  Omit<SqliteStorageOptions, "blobDirectory" | "maxPages">
> {
  /** `undefined`: in RAM. */
  readonly blobDirectory: string | undefined;
  readonly maxPages: number | undefined;
}

/** @throws TypeError naming the wrong option */
export function parseOptions(options: SqliteStorageOptions): ParsedOptions {
  const parsed = optionsSchema.safeParse(options);
  if (!parsed.success) throw new TypeError(`sqliteStorage: ${z.prettifyError(parsed.error)}`);
  const { path, blobDirectory, ...rest } = parsed.data;
  const inMemory = path === ":memory:";
  const full = inMemory ? path : resolve(path);
  const blobs = blobDirectory ?? (inMemory ? undefined : `${full}.blobs`);
  return {
    ...rest,
    maxPages: rest.maxPages,
    path: full,
    blobDirectory: blobs === undefined ? undefined : resolve(blobs),
  };
}
