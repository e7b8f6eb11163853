import { z } from "zod";

import { idSchema } from "../memory/index.ts";

/**
 * A place in a cube's log. Equal epoch, seq and head mean the same history. The epoch is new when a
 * cube is created anew or a log went back; a position of another epoch, or whose head differs, tells
 * that what was derived from it must be rebuilt.
 */
export interface Position {
  readonly epoch: string;
  /** Dense, from 1 (the commit that created the cube); given by the storage. */
  readonly seq: number;
  /** Hex digest that links every commit up to `seq`. */
  readonly head: string;
}

export const positionSchema: z.ZodType<Position> = z.strictObject({
  epoch: idSchema,
  seq: z.int().min(1),
  head: z.string().min(1).max(128),
});

export function samePosition(a: Position, b: Position): boolean {
  return a.seq === b.seq && a.head === b.head && a.epoch === b.epoch;
}
