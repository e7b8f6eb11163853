import { rename, rm } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { MemCubeError } from "@memcube/core";
import { z } from "zod";

import { describeModel } from "./engine/describe-model.ts";
import { hashFile } from "./engine/hash-file.ts";

/** Options of {@link downloadModel}. */
export interface DownloadModelOptions {
  /** `https://...`, or `hf:<user>/<model>:<quantisation>` for Hugging Face. */
  readonly from: string;
  /** Where the file is to lie; made when it is missing. */
  readonly directory: string;
  /** SHA-256 of the file, as its publisher states it. */
  readonly sha256: string;
  /** @default the name it has at its source */
  readonly fileName?: string;
  /** Sent with the request: `{ authorization: "Bearer ..." }`. @default none */
  readonly headers?: Readonly<Record<string, string>>;
  /** Told how much is there, in bytes. */
  readonly onProgress?: (progress: {
    readonly doneBytes: number;
    readonly totalBytes: number;
  }) => void;
  readonly signal?: AbortSignal;
}

const optionsSchema = z.strictObject({
  from: z.string().regex(/^(https?:\/\/|hf:)/, { error: "an address: https://... or hf:..." }),
  directory: z.string().min(1),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  fileName: z
    .string()
    .regex(/^[^/\\]+$/)
    .optional(),
  headers: z.record(z.string(), z.string()).optional(),
  onProgress: z
    .custom<NonNullable<DownloadModelOptions["onProgress"]>>((value) => typeof value === "function")
    .optional(),
  signal: z.instanceof(AbortSignal).optional(),
});

/** What is being downloaded has this at the end of its name, until it is checked. */
const PART = ".part";

/**
 * Downloads a model because its user asks for it; nothing else in this package goes to the network. A file
 * that is there already, with this checksum, is not downloaded again.
 *
 * @returns path of the file, checked: pass it to `llamaEngine({ model, sha256 })`
 * @throws TypeError for wrong options
 * @throws MemCubeError `MEMCUBE_MODEL_UNAVAILABLE`; `MEMCUBE_MODEL_INVALID` when what came is not the
 * file that was asked for: it is removed; the signal's reason
 */
export async function downloadModel(options: DownloadModelOptions): Promise<string> {
  const parsed = optionsSchema.safeParse(options);
  if (!parsed.success) throw new TypeError(`downloadModel: ${z.prettifyError(parsed.error)}`);
  const { from, sha256, signal } = parsed.data;
  const directory = resolve(parsed.data.directory);
  const name = parsed.data.fileName ?? nameIn(from);
  const path = resolve(directory, name);
  if ((await hashFile(path, signal).catch(() => undefined)) === sha256) return path;
  signal?.throwIfAborted();

  const part = `${path}${PART}`;
  await fetchFile({ ...parsed.data, directory, fileName: `${name}${PART}` });
  try {
    const found = await hashFile(part, signal);
    if (found !== sha256) {
      const reason = `its SHA-256 is ${found}`;
      throw new MemCubeError("MEMCUBE_MODEL_INVALID", `${from} is another file: ${reason}`, {
        details: { path, reason },
      });
    }
    await describeModel(part);
    await rename(part, path);
    return path;
  } finally {
    await rm(part, { force: true });
  }
}

function nameIn(from: string): string {
  const name = basename(from.replace(/^hf:/, "").replace(/[?#].*$/, "")).replaceAll(":", "-");
  return name.endsWith(".gguf") ? name : `${name}.gguf`;
}

async function fetchFile(
  options: z.output<typeof optionsSchema> & { readonly fileName: string },
): Promise<void> {
  const { from, directory, fileName, headers, onProgress, signal } = options;
  try {
    const { createModelDownloader } = await import("node-llama-cpp");
    const downloader = await createModelDownloader({
      modelUri: from,
      dirPath: directory,
      fileName,
      skipExisting: false,
      ...(headers === undefined ? {} : { headers }),
      onProgress: ({ downloadedSize, totalSize }) =>
        onProgress?.({ doneBytes: downloadedSize, totalBytes: totalSize }),
    });
    await downloader.download(signal === undefined ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw new MemCubeError("MEMCUBE_MODEL_UNAVAILABLE", `${from} could not be downloaded`, {
      details: { from },
      cause: error,
    });
  }
}
