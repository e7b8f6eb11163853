import { isMemCubeError } from "../../errors.ts";
import type { MemCube } from "./mem-cube.ts";
import type { MemOS, MemSession } from "./mem-os.ts";
import type { ResolvedScope } from "./scope.ts";

/** Cubes kept open: handles are small, and a server has some users at a time. */
const CUBES_KEPT = 1_000;

interface Opened {
  readonly session: MemSession;
  readonly cube: MemCube;
}

/** Opens the cubes that an adapter's requests are about, and keeps them open. */
export class ScopedCubes {
  readonly #os: MemOS;
  readonly #open = new Map<string, Opened>();

  constructor(os: MemOS) {
    this.#os = os;
  }

  /**
   * Does work on the cube of a scope. A user's own cube that nobody has written to yet is made for a write,
   * and is nothing for a read: then the work is not done and the result `undefined`.
   *
   * @throws MemCubeError `MEMCUBE_CUBE_NOT_FOUND` for a cube that was named and is not there
   */
  async use<T>(
    scope: ResolvedScope,
    access: "write",
    work: (cube: MemCube, session: MemSession) => Promise<T>,
  ): Promise<T>;
  async use<T>(
    scope: ResolvedScope,
    access: "read" | "write",
    work: (cube: MemCube, session: MemSession) => Promise<T>,
  ): Promise<T | undefined>;
  async use<T>(
    scope: ResolvedScope,
    access: "read" | "write",
    work: (cube: MemCube, session: MemSession) => Promise<T>,
  ): Promise<T | undefined> {
    const key = JSON.stringify([scope.caller, scope.cube ?? null]);
    const known = this.#open.get(key);
    try {
      const opened = known ?? (await this.#openCube(scope, access));
      this.#keep(key, opened);
      return await work(opened.cube, opened.session);
    } catch (error) {
      if (!isMemCubeError(error, "MEMCUBE_CUBE_NOT_FOUND")) throw error;
      this.#open.delete(key);
      // It was deleted since it was opened: as if it had not been.
      if (known !== undefined) return await this.use(scope, access, work);
      if (access === "write" || scope.cube !== undefined) throw error;
      return undefined;
    }
  }

  async #openCube({ caller, cube }: ResolvedScope, access: "read" | "write"): Promise<Opened> {
    const session = this.#os.as(caller);
    const id = cube ?? `user:${session.caller.userId}`;
    // Mounting makes no cube, so a read never does.
    if (access === "read") await session.mount(id);
    return { session, cube: await session.cube(id) };
  }

  #keep(key: string, opened: Opened): void {
    this.#open.delete(key);
    this.#open.set(key, opened);
    const oldest = this.#open.keys().next().value;
    if (this.#open.size > CUBES_KEPT && oldest !== undefined) this.#open.delete(oldest);
  }
}
