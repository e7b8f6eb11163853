import { z } from "zod";

/** The furthest a `Date` reaches, in milliseconds from 1970. */
const FURTHEST_MS = 8.64e15;

/**
 * When something was said or true in the world: milliseconds since 1970-01-01T00:00:00Z, negative
 * before it. (Times that memcube gives itself are never negative.)
 */
export const worldTimeSchema = z.int().min(-FURTHEST_MS).max(FURTHEST_MS);
