import { resolveScope, ScopedCubes, type MemCube, type ResolvedScope } from "@memcube/core";

import type { ParsedStoreOptions } from "./store-options.ts";

/** Name of this adapter in the log of a cube. */
const VIA = "langgraph";

/** The cubes that namespaces of a store are kept in. */
export class StoreCubes {
  readonly #cubes: ScopedCubes;
  readonly #scope: ParsedStoreOptions["scope"];
  /** A scope that is no function is the same for every namespace. */
  #fixed: ResolvedScope | undefined;

  constructor({ os, scope }: Pick<ParsedStoreOptions, "os" | "scope">) {
    this.#cubes = new ScopedCubes(os);
    this.#scope = scope;
  }

  async scopeOf(namespace: readonly string[]): Promise<ResolvedScope> {
    if (typeof this.#scope === "function") {
      return await resolveScope(this.#scope, { namespace }, VIA);
    }
    return (this.#fixed ??= await resolveScope(this.#scope, { namespace }, VIA));
  }

  /** Does work on the cube of a scope, see `ScopedCubes.use`. */
  async use<T>(
    scope: ResolvedScope,
    access: "read" | "write",
    work: (cube: MemCube) => Promise<T>,
  ): Promise<T | undefined> {
    return await this.#cubes.use(scope, access, work);
  }
}
