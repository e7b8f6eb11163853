import { MemCubeError } from "../../errors.ts";
import {
  callerSchema,
  principalsOf,
  type Caller,
  type CallerInput,
  type DeadLetter,
  type InjectionPlan,
  type Page,
} from "../../flow/index.ts";
import type { CubeHeader } from "../../memory/index.ts";
import { abortable } from "./abortable.ts";
import { absorb, parseAbsorb, type AbsorbInput } from "./absorb.ts";
import type { AddResult } from "./add.ts";
import type { ApiContext } from "./context.ts";
import { createCube, deleteCube, listCubes, type ListCubesOptions, type Visitor } from "./cubes.ts";
import {
  discardDeadLetters,
  listDeadLetters,
  redriveDeadLetters,
  type ListDeadLettersOptions,
} from "./dead-letters.ts";
import { memCube, type MemCube } from "./mem-cube.ts";
import { parseInput, type CreateCubeOptions } from "./options.ts";
import { parsePrepare, prepare, type PrepareInput } from "./prepare.ts";
import { sessionCubes } from "./session-cubes.ts";
import { memThreads, type MemThreads } from "./threads/index.ts";
import { memoryTools, type MemoryTool, type MemoryToolOptions } from "./tools/index.ts";
import { memView, type MemView } from "./view.ts";

/** The memory OS as one caller uses it. */
export interface MemSession {
  readonly caller: Caller;

  /** Creates a cube; only its owner sees it unless lists say otherwise. */
  createCube(id: string, options?: CreateCubeOptions): Promise<MemCube>;
  /**
   * Opens a cube. The caller's own `user:<id>` cube is created the first time.
   * @throws MemCubeError `MEMCUBE_CUBE_NOT_FOUND` also when the caller may not know of it
   */
  cube(
    id: string,
    options?: {
      /** Refuses every write through this handle. @default false */
      readonly readOnly?: boolean;
      /** Creates the cube when there is none. @default false, true for one's own `user:` cube */
      readonly create?: boolean;
      readonly signal?: AbortSignal;
    },
  ): Promise<MemCube>;
  /** Opens a cube read-only: its handle refuses every write, whatever the caller may do. */
  mount(id: string): Promise<MemCube>;
  /** Closes this session's handles to a cube and lets go of its index. */
  unmount(id: string): Promise<void>;
  listCubes(options?: ListCubesOptions): Promise<Page<CubeHeader>>;
  /** Deletes a cube with everything in it. For its owner. */
  deleteCube(id: string): Promise<void>;
  /** Several cubes as one: reads merge, writes fan out. */
  view(ids: readonly string[]): Promise<MemView>;

  /** Working state of agent frameworks: checkpoints of LangGraph's threads. Its own, not a memory. */
  readonly threads: MemThreads;

  /** Background work on the caller's own cubes that was given up after its last attempt. */
  listDeadLetters(options?: ListDeadLettersOptions): Promise<Page<DeadLetter>>;
  /** Runs dead letters again; how many there were. */
  redriveDeadLetters(ids: readonly string[]): Promise<number>;
  /** Removes dead letters; how many there were. */
  discardDeadLetters(ids: readonly string[]): Promise<number>;

  /** Plans what memory adds to a prompt. Without `cubes`: the caller's own `user:` cube. */
  prepare(input: PrepareInput): Promise<InjectionPlan>;
  /** What was said becomes memory. Without `cube`: the caller's own `user:` cube. */
  absorb(input: AbsorbInput): Promise<AddResult>;
  /**
   * Tools for a model to search, add, correct and forget memories with this caller's rights. Without
   * `cube`: the caller's own `user:` cube. Without `only`: all of `MEMORY_TOOL_NAMES`.
   *
   * @throws MemCubeError `MEMCUBE_INVALID_INPUT`
   */
  tools(options?: MemoryToolOptions): readonly MemoryTool[];
}

/** A running memory OS; make one with `createMemOS` or with `open` of the package `memcube`. */
export interface MemOS {
  /** Name of the storage in use. */
  readonly storage: string;
  /** The OS on behalf of a caller. Every read and write has one. */
  as(caller: CallerInput): MemSession;
  /** Waits until no background work is due. */
  idle(): Promise<void>;
  /**
   * Has `close()` wait for work that needs the OS still open, such as keeping what was held back for a
   * moment. What it rejects with is ignored. For adapters.
   *
   * @returns a function that takes it back
   */
  beforeClose(work: () => Promise<unknown>): () => void;
  /** Finishes what was begun, seals logs, and closes the storage it owns. Safe to call twice. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** @throws MemCubeError `MEMCUBE_INVALID_INPUT`, `MEMCUBE_LIMIT_EXCEEDED` (principals) */
export function memSession(context: ApiContext, input: CallerInput): MemSession {
  const caller = parseInput(callerSchema, input, "caller");
  const visitor: Visitor = { context, caller, principals: principalsOf(caller) };
  const cubes = sessionCubes(visitor);
  const { own } = cubes;
  return {
    caller,
    threads: memThreads(visitor),
    createCube: async (id, options) =>
      memCube(cubes.handle(await createCube(visitor, id, options), false)),
    cube: async (id, options) => {
      const { readOnly = false, create = false, signal } = options ?? {};
      signal?.throwIfAborted();
      const creates = !readOnly && (create || id === own);
      return memCube(await cubes.open(id, { readOnly, create: creates }));
    },
    mount: async (id) => memCube(await cubes.open(id, { readOnly: true })),
    unmount: async (id) => await cubes.close(id),
    listCubes: async (options) => await listCubes(visitor, options),
    deleteCube: async (id) => await deleteCube(visitor, id),
    view: async (ids) => {
      if (ids.length === 0) {
        throw new MemCubeError("MEMCUBE_INVALID_INPUT", "A view needs at least one cube id.");
      }
      const opened = [...new Set(ids)].map(
        async (id) => await cubes.open(id, { readOnly: false, create: id === own }),
      );
      return memView(await Promise.all(opened));
    },
    listDeadLetters: async (options) => await listDeadLetters(visitor, options),
    redriveDeadLetters: async (ids) => await redriveDeadLetters(visitor, ids),
    discardDeadLetters: async (ids) => await discardDeadLetters(visitor, ids),
    prepare: async (input) => {
      const parsed = parsePrepare(input);
      const ids = [...new Set(parsed.cubes ?? [own])];
      return await abortable(parsed.signal, async () => {
        const opened = await Promise.all(ids.map(async (id) => await cubes.openAhead(id)));
        return await prepare(
          context,
          opened.flatMap((cube) => cube ?? []),
          caller,
          parsed,
        );
      });
    },
    absorb: async (input) => {
      const parsed = parseAbsorb(input);
      const id = parsed.cube ?? own;
      return await absorb(await cubes.open(id, { readOnly: false, create: id === own }), parsed);
    },
    tools: (options) => memoryTools(visitor, cubes, options),
  };
}
