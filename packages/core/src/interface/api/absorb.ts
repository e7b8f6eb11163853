import { z } from "zod";

import { addRead, read, type AddResult } from "./add.ts";
import type { OpenCube } from "./context.ts";
import { addOptionsSchema, idSchema, parseInput } from "./options.ts";
import { withoutInjected } from "./without-injected.ts";

const absorbSchema = z.strictObject({
  cube: idSchema.optional(),
  sessionId: idSchema.optional(),
  /** What was said, in any shape the reader knows. */
  turns: z.unknown(),
  tags: z.array(idSchema).optional(),
  /** Whether tool calls and what tools returned become memories too. */
  keepTools: z.boolean().default(true),
  /** Makes the call safe to repeat when the turns have no ids of their own. */
  idempotencyKey: z.string().min(1).max(1_024).optional(),
  /** What becomes of a turn that is there already, under its id. */
  onDuplicate: z.enum(["skip", "update"]).default("skip"),
  signal: z.instanceof(AbortSignal).optional(),
});

export type AbsorbInput = z.input<typeof absorbSchema>;

/** Checks what an adapter gives; kept apart so that the cube can be opened in between. */
export function parseAbsorb(input: AbsorbInput): z.output<typeof absorbSchema> {
  return parseInput(absorbSchema, input, "absorb");
}

/**
 * What was said becomes memory. Turns with ids are taken once, however often they come, and what was
 * forgotten does not come back with them. System
 * messages, what a plan of `prepare` put into the prompt and what memory's own tools said are no
 * memories: they are skipped.
 */
export async function absorb(
  cube: OpenCube,
  input: z.output<typeof absorbSchema>,
): Promise<AddResult> {
  const { turns, sessionId, tags, keepTools, idempotencyKey, onDuplicate, signal } = input;
  const given = {
    onDuplicate,
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(tags === undefined ? {} : { tags }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    ...(signal === undefined ? {} : { signal }),
  };
  const options = parseInput(addOptionsSchema, given, "absorb");
  const said = withoutInjected(read(cube, turns, options), { keepTools });
  return await addRead(cube, said, options, "absorb");
}
