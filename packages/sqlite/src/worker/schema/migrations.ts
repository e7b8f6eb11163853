import { INITIAL_SCHEMA } from "./initial.ts";

/** Steps from an empty file to the newest schema; the schema of a file is how many were taken. */
export const MIGRATIONS: readonly { readonly name: string; readonly sql: string }[] = [
  { name: "initial", sql: INITIAL_SCHEMA },
];
