import { Refusal } from "../../refusal.ts";

/**
 * Principals whom a cube's header names as owner or reader. Only to narrow the listing of cubes: who
 * sees a cube is decided by core's rule.
 *
 * @throws Refusal `MEMCUBE_INVALID_INPUT` when the content is no header
 */
export function readersOf(content: string): ReadonlySet<string> {
  const { owner, allow } = objectOf(content);
  const listed: unknown[] = Array.isArray(allow) ? allow : [];
  return new Set([owner, ...listed].map(principalOf));
}

function objectOf(content: string): { readonly owner?: unknown; readonly allow?: unknown } {
  try {
    const value: unknown = JSON.parse(content);
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // Said below, in words that hold for both.
  }
  throw notHeader();
}

function principalOf(value: unknown): string {
  if (typeof value === "string") return value;
  throw notHeader();
}

function notHeader(): Refusal {
  return new Refusal("MEMCUBE_INVALID_INPUT", "The content is not the header of a cube.");
}
