import type { Principal } from "../memory/index.ts";

/**
 * On whose behalf a storage reads. There is no uncalled read: either a caller's principals, or a
 * part of the system that names itself and never hands what it read to a caller unfiltered.
 */
export type Access =
  | { readonly principals: readonly Principal[] }
  | { readonly system: "index" | "verify" | "retention" | "transfer" | "write" };
