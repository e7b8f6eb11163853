import type { AddResult } from "@memcube/core";

import type { Notes } from "./output.ts";

/** Warnings printed in full; a wrong file has thousands of the same. */
const SHOWN = 10;

/** Tells which pieces of an input were not taken, and why. */
export function warnOfRejections(notes: Notes, rejected: AddResult["rejected"]): void {
  for (const { position, code, message } of rejected.slice(0, SHOWN)) {
    notes.warn(`${position === "" ? "input" : position}: ${message} (${code})`);
  }
  if (rejected.length > SHOWN) notes.warn(`and ${rejected.length - SHOWN} more were not taken`);
}
