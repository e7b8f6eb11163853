import { extname } from "node:path";

import type { AddOptions, AddResult, MemCube } from "@memcube/core";

import { extensionFormat, formatOf, type InputFormat, mediaTypeOf } from "./input-format.ts";
import type { ProgressLine } from "./progress.ts";
import type { InputFile } from "./read-input.ts";

export interface InputReading {
  readonly options: AddOptions;
  /** @default by the name's extension, else by the content */
  readonly format: InputFormat | undefined;
  readonly progress: ProgressLine;
}

/**
 * Adds what a file holds. A document may have changed since it was added: its parts are brought up
 * to date. What was said stays as it was said.
 */
export async function addInput(
  cube: MemCube,
  { name, bytes }: InputFile,
  { options, format, progress }: InputReading,
): Promise<AddResult> {
  const found = format ?? formatOf(name, new TextDecoder().decode(bytes));
  const document = found === "markdown" || found === "text";
  return await cube.addFile(bytes, {
    ...options,
    mediaType: mediaTypeOf(found),
    ...(name === undefined ? {} : { name: nameFor(name, found) }),
    ...(document ? { onDuplicate: "update" } : {}),
    onProgress: ({ done, total }) => progress.update(done, total),
  });
}

/** The extension would win over the media type: one that says otherwise is left out. */
function nameFor(name: string, format: InputFormat): string {
  const says = extensionFormat(name);
  return says === undefined || says === format ? name : name.slice(0, -extname(name).length);
}
