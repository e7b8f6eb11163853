import { z } from "zod";

import { MemCubeError } from "../../errors.ts";
import { LIMITS } from "../../limits.ts";
import {
  cubeHeaderSchema,
  edgeSchema,
  memoryContentSchema,
  type CubeHeader,
  type MemoryContent,
} from "../../memory/index.ts";

/** What may be written: what can be read, and no more edges than a commit can carry. */
const storableSchema = memoryContentSchema.extend({
  edges: z.array(edgeSchema).max(LIMITS.edges),
});

/**
 * The last gate before bytes are committed: what is written passes the schema that it is read by, so
 * no legal call makes a cube unreadable.
 *
 * @throws MemCubeError `MEMCUBE_INVALID_INPUT` with the path and the reason
 */
export function assertStorableContent(content: MemoryContent): void {
  assertParses(storableSchema, content, { id: content.header.id });
}

/** The same for the header of a cube. @throws MemCubeError `MEMCUBE_INVALID_INPUT` */
export function assertStorableHeader(header: CubeHeader): void {
  assertParses(cubeHeaderSchema, header, { cubeId: header.cubeId });
}

function assertParses(
  schema: z.ZodType,
  value: unknown,
  details: Readonly<Record<string, string>>,
): void {
  const { error } = schema.safeParse(value);
  const issue = error?.issues[0];
  if (issue === undefined) return;
  const path = issue.path.map(String).join(".");
  throw new MemCubeError("MEMCUBE_INVALID_INPUT", `${path}: ${issue.message}`, {
    details: { ...details, path: issue.path },
    cause: error,
  });
}
