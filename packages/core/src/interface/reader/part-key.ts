import { idSchema } from "../../memory/index.ts";

const PART = /^(.+)#part=(\d{1,9})$/su;

/**
 * The external key of one part of an input that became several memories: a chunk of a document, or a
 * piece of a list under one key.
 *
 * @param part from 0
 */
export function partKey(key: string, part: number): string {
  return `${key}#part=${part}`;
}

/** Takes a key of {@link partKey} apart; `undefined` for one that names a whole. */
export function partOf(key: string): { readonly key: string; readonly part: number } | undefined {
  const [, whole, part] = PART.exec(key) ?? [];
  return whole === undefined || part === undefined ? undefined : { key: whole, part: Number(part) };
}

/** A key that a user may give: none that names a part, so that no document's chunk is mistaken for it. */
export const externalKeySchema = idSchema.refine(
  (key) => partOf(key) === undefined,
  "a key ending in #part= and a number names a part of a document",
);
