import { MemCubeError } from "@memcube/core";

type Part = string | number;

/** A place in an order of rows: their key, never an index, so that it stays valid across writes. */
export function writeCursor(...parts: readonly Part[]): string {
  return JSON.stringify(parts);
}

/** @throws MemCubeError `MEMCUBE_INVALID_INPUT` when it is not a cursor of `types` */
export function readCursor<Types extends readonly ("string" | "number")[]>(
  cursor: string,
  ...types: Types
): { [Place in keyof Types]: Types[Place] extends "string" ? string : number } {
  const parts = parsed(cursor);
  const fits = Array.isArray(parts) && parts.length === types.length;
  if (fits && types.every((type, place) => typeof parts[place] === type)) {
    return parts as unknown as ReturnType<typeof readCursor<Types>>;
  }
  throw new MemCubeError("MEMCUBE_INVALID_INPUT", "Not a cursor of this listing.");
}

function parsed(cursor: string): unknown {
  try {
    return JSON.parse(cursor);
  } catch {
    return undefined;
  }
}
