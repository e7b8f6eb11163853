import type { BlobStore, Clock } from "@memcube/core";
import { z } from "zod";

const MIB = 1_048_576;

/** Options of `openKvStore`. */
export interface KvStoreOptions {
  /** Where states lie; made when missing, for this user only. Processes may share it. */
  readonly directory: string;
  /** Bytes of pages in the directory. @default 10737418240 (10 GiB) */
  readonly diskBytes?: number;
  /** Bytes of verified pages kept in RAM by this process. @default 268435456 (256 MiB) */
  readonly hotBytes?: number;
  /** Keeps pages there instead of in the directory: an object store, Redis. Links stay in it. */
  readonly blobs?: BlobStore;
  /** Compresses pages at rest with zstd; states of real models shrink little. @default false */
  readonly compress?: boolean;
  /** Keys are derived from it. @default a random salt per scope, beside its pages */
  readonly secret?: Uint8Array;
  /** Where states pass to llama.cpp through. @default /dev/shm, else the system's folder */
  readonly scratchDirectory?: string;
  /** @default the system's time */
  readonly clock?: Clock;
}

/** Defaults and bounds of the options. */
export const optionsSchema = z.strictObject({
  directory: z.string().min(1),
  diskBytes: z
    .int()
    .min(0)
    .default(10_240 * MIB),
  hotBytes: z
    .int()
    .min(0)
    .default(256 * MIB),
  blobs: z.custom<BlobStore>().optional(),
  compress: z.boolean().default(false),
  secret: z.instanceof(Uint8Array).optional(),
  scratchDirectory: z.string().min(1).optional(),
  clock: z.custom<Clock>().default({ now: () => Date.now() }),
});
export type ParsedKvStoreOptions = z.output<typeof optionsSchema>;
