import { stat } from "node:fs/promises";

import type { Context } from "../context.ts";
import { notFound } from "../failure.ts";
import { oneLine } from "../plain-text.ts";
import type { ProgressLine } from "../progress.ts";

const MIB = 1_048_576;
const DOING = { hash: "hashing the model, MiB", load: "loading the model, MiB" } as const;

/** A model that a command was given, and what it says while the model is opened. */
export interface ModelFile {
  readonly onProgress: (at: { readonly phase: keyof typeof DOING; readonly done: number }) => void;
  /** Takes the progress line away. */
  end(): void;
}

/** @throws Failure with exit code 3 when there is no such file */
export async function modelFile(path: string, context: Context): Promise<ModelFile> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw notFound(`There is no model ${oneLine(path)}.`);
  const totalMiB = Math.ceil(found.size / MIB);
  const lines = new Map<string, ProgressLine>();
  return {
    onProgress: ({ phase, done }) => {
      const line = lines.get(phase) ?? context.progress(DOING[phase]);
      lines.set(phase, line);
      line.update(Math.floor(done * totalMiB), totalMiB);
      if (done >= 1) line.end();
    },
    end: () => {
      for (const line of lines.values()) line.end();
    },
  };
}
