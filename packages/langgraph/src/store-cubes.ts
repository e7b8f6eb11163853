import {
  isMemCubeError,
  resolveScope,
  type MemCube,
  type MemOS,
  type ResolvedScope,
} from "@memcube/core";

import type { ParsedStoreOptions } from "./store-options.ts";

/** Name of this adapter in the log of a cube. */
const VIA = "langgraph";
/** Cubes kept open: handles are small, and a server has some users at a time. */
const CUBES_KEPT = 1_000;

/** Opens cubes for the scopes of a store, and keeps them open. */
export class StoreCubes {
  readonly #os: MemOS;
  readonly #scope: ParsedStoreOptions["scope"];
  readonly #open = new Map<string, MemCube>();
  /** A scope that is no function is the same for every namespace. */
  #fixed: ResolvedScope | undefined;

  constructor({ os, scope }: Pick<ParsedStoreOptions, "os" | "scope">) {
    this.#os = os;
    this.#scope = scope;
  }

  async scopeOf(namespace: readonly string[]): Promise<ResolvedScope> {
    if (typeof this.#scope === "function") {
      return await resolveScope(this.#scope, { namespace }, VIA);
    }
    return (this.#fixed ??= await resolveScope(this.#scope, { namespace }, VIA));
  }

  /**
   * Does work on the cube of a scope. A user's own cube that nobody has written to yet is made for a write,
   * and is nothing for a read.
   *
   * @throws MemCubeError `MEMCUBE_CUBE_NOT_FOUND` for a cube that was named and is not there
   */
  async use<T>(
    scope: ResolvedScope,
    access: "read" | "write",
    work: (cube: MemCube) => Promise<T>,
  ): Promise<T | undefined> {
    const key = JSON.stringify([scope.caller, scope.cube ?? null]);
    const known = this.#open.get(key);
    try {
      const cube = known ?? (await this.#openCube(scope, access));
      this.#keep(key, cube);
      return await work(cube);
    } catch (error) {
      if (!isMemCubeError(error, "MEMCUBE_CUBE_NOT_FOUND")) throw error;
      this.#open.delete(key);
      // It was deleted since it was opened: as if it had not been.
      if (known !== undefined) return await this.use(scope, access, work);
      if (access === "write" || scope.cube !== undefined) throw error;
      return undefined;
    }
  }

  async #openCube({ caller, cube }: ResolvedScope, access: "read" | "write"): Promise<MemCube> {
    const session = this.#os.as(caller);
    const id = cube ?? `user:${session.caller.userId}`;
    // Mounting makes no cube, so a read never does.
    if (access === "read") await session.mount(id);
    return await session.cube(id);
  }

  #keep(key: string, cube: MemCube): void {
    this.#open.delete(key);
    this.#open.set(key, cube);
    const oldest = this.#open.keys().next().value;
    if (this.#open.size > CUBES_KEPT && oldest !== undefined) this.#open.delete(oldest);
  }
}
