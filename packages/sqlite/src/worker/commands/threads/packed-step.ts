import type { ThreadChunk } from "@memcube/core";
import { packThreadBytes } from "@memcube/core/packing";

import type { LoggedStep, PutStep, WritesStep } from "./logged-step.ts";

/** The step as it is laid out. */
export function packedPut(step: PutStep): PutStep {
  if (step.packable !== true) return step;
  const { checkpoint } = step;
  const value = packThreadBytes(checkpoint.value);
  return { ...step, checkpoint: { ...checkpoint, value }, chunks: packedChunks(step.chunks) };
}

export function packedWrites(step: WritesStep): WritesStep {
  if (step.packable !== true) return step;
  const writes = step.writes.map((write) => ({ ...write, value: packThreadBytes(write.value) }));
  return { ...step, writes, chunks: packedChunks(step.chunks) };
}

export function packedStep(step: LoggedStep): LoggedStep {
  return "checkpoint" in step ? packedPut(step) : packedWrites(step);
}

function packedChunks(chunks: readonly ThreadChunk[]): readonly ThreadChunk[] {
  return chunks.map((chunk) => ({ ...chunk, bytes: packThreadBytes(chunk.bytes) }));
}
