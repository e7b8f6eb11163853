import { basename, isAbsolute, normalize, relative, resolve } from "node:path";
import { readFile, stat } from "node:fs/promises";

import { Failure, notFound } from "./failure.ts";
import { EXIT } from "./exit-codes.ts";
import { oneLine } from "./plain-text.ts";

/** A file, or standard input, with its bytes. */
export interface InputFile {
  /** Below the working directory relative to it, else absolute; `undefined` for standard input. */
  readonly name: string | undefined;
  readonly bytes: Uint8Array;
}

/** More than the reader takes is refused before it fills the heap. */
const MOST_BYTES = 256 * 1_048_576;

/**
 * Reads a file, or standard input for `-`.
 *
 * @throws Failure with exit code 3 when there is no such file
 */
export async function readInput(
  path: string,
  input: NodeJS.ReadStream,
  signal: AbortSignal,
): Promise<InputFile> {
  if (path === "-") return { name: undefined, bytes: await readStream(input, signal) };
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw notFound(`There is no file ${oneLine(path)}.`);
  if (found.isDirectory()) {
    throw new Failure(EXIT.failed, `${oneLine(path)} is a folder.`, "Name the files in it.");
  }
  if (found.size > MOST_BYTES) throw tooLarge(path);
  return { name: stableName(path), bytes: await readFile(path, { signal }) };
}

/** Everything that comes through a stream. */
async function readStream(input: NodeJS.ReadStream, signal: AbortSignal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const stop = () => input.destroy();
  signal.addEventListener("abort", stop, { once: true });
  try {
    for await (const chunk of input) {
      const bytes = typeof chunk === "string" ? Buffer.from(chunk) : (chunk as Uint8Array);
      size += bytes.length;
      if (size > MOST_BYTES) throw tooLarge("standard input");
      chunks.push(bytes);
    }
  } finally {
    signal.removeEventListener("abort", stop);
  }
  signal.throwIfAborted();
  return Buffer.concat(chunks);
}

/** Adding a file again must find what it became: the name does not depend on how it was spelled. */
function stableName(path: string): string {
  const below = relative(process.cwd(), resolve(path));
  const inside = below !== "" && !below.startsWith("..") && !isAbsolute(below);
  const name = inside ? normalize(below) : resolve(path);
  return name.length <= 2_048 ? name.replaceAll("\\", "/") : basename(name);
}

function tooLarge(path: string): Failure {
  return new Failure(
    EXIT.failed,
    `${oneLine(path)} is larger than ${MOST_BYTES / 1_048_576} MiB.`,
    "Split it: an import continues where it ended, what is there already stays as it is.",
  );
}
