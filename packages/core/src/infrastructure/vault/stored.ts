import { MemCubeError } from "../../errors.ts";
import {
  cubeHeaderSchema,
  readContent,
  type CubeHeader,
  type CubeRef,
  type Memory,
} from "../../memory/index.ts";
import type { StoredCube, StoredVersion } from "../../ports/index.ts";

/** Reads a stored version back into a memory. @throws MemCubeError `MEMCUBE_STORAGE_DAMAGED` */
export function toMemory(ref: CubeRef, stored: StoredVersion): Memory {
  const { header, payload, edges } = parse(ref, stored.id, () => readContent(stored.content));
  return {
    header,
    payload,
    edges,
    version: {
      number: stored.version,
      fromSeq: stored.fromSeq,
      ...(stored.toSeq === undefined ? {} : { toSeq: stored.toSeq }),
      commitment: stored.commitment,
    },
  };
}

/** Why a version was written, in its writer's words. */
export function noteOf(stored: StoredVersion): string | undefined {
  const content = JSON.parse(stored.content) as { note?: unknown };
  return typeof content.note === "string" ? content.note : undefined;
}

/** Reads a stored cube header. @throws MemCubeError `MEMCUBE_STORAGE_DAMAGED` */
export function toCubeHeader(stored: StoredCube): CubeHeader {
  return parse(stored.ref, "@cube", () => cubeHeaderSchema.parse(JSON.parse(stored.content)));
}

function parse<T>(ref: CubeRef, id: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new MemCubeError(
      "MEMCUBE_STORAGE_DAMAGED",
      `Stored content of ${id} in cube ${ref.cubeId} can't be read; run verify to see what else is damaged.`,
      { cause, details: { tenantId: ref.tenantId, cubeId: ref.cubeId, id } },
    );
  }
}
