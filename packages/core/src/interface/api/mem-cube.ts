import type { Change, KvState, LoraFile, Page, Position, Retrieval } from "../../flow/index.ts";
import type { VerifyReport } from "../../infrastructure/vault/index.ts";
import type { CubeHeader, Memory, MemoryRef, Path } from "../../memory/index.ts";
import type { CubeStats, StoredEdge } from "../../ports/index.ts";
import { readFile } from "../reader/index.ts";
import { abortable, type SignalOptions } from "./abortable.ts";
import { add, addRead, type AddResult } from "./add.ts";
import type { OpenCube } from "./context.ts";
import { enter } from "./cube-access.ts";
import { configureCube } from "./cubes.ts";
import { dependents, type DependentsOptions } from "./dependents.ts";
import { erase } from "./erase.ts";
import { forgetByKey, type ForgetByKeyOptions } from "./forget-by-key.ts";
import { forget } from "./forget.ts";
import { get, getByKey, getMany, getManyByKey } from "./get.ts";
import { history, type HistoricMemory } from "./history.ts";
import { list } from "./list.ts";
import {
  addOptionsSchema,
  parseInput,
  type AddOptions,
  type ChangeOptions,
  type CreateCubeOptions,
  type ListOptions,
  type Progress,
  type SearchOptions,
  type UpdateOptions,
  type UpdatePatch,
} from "./options.ts";
import { pastCube, type PastCube } from "./past-cube.ts";
import { paths, type PathsOptions } from "./paths.ts";
import { readChanges, type LogOptions } from "./read-changes.ts";
import { renew, type RenewOptions } from "./renew.ts";
import { rollback } from "./rollback.ts";
import { search } from "./search.ts";
import {
  keepLora,
  type KeepLoraOptions,
  promote,
  type PromoteOptions,
  recallLora,
  type RecalledLora,
  type Recalled,
  type RecallOptions,
  type RecallStateOptions,
  recallState,
} from "./states/index.ts";
import { exportMemories, importMemories, type ExportLine, type ImportResult } from "./transfer.ts";
import { update } from "./update.ts";
import { verify, type CubeVerifyOptions } from "./verify.ts";

/**
 * A cube as its caller sees it (MemOS 2507.03724 section 4.2). Every call decides anew whether this
 * caller may; what the caller may not see is as if it were not there. All calls may raise
 * `MEMCUBE_CLOSED`, `MEMCUBE_BUSY` (try again) and the `MEMCUBE_STORAGE_*` codes.
 */
export interface MemCube {
  readonly id: string;
  readonly readOnly: boolean;

  /** Title, lists and times of the cube. */
  header(options?: SignalOptions): Promise<CubeHeader>;
  /** Changes title, tags or who may read and write. For the owner. */
  configure(patch: CreateCubeOptions, options?: SignalOptions): Promise<CubeHeader>;
  /** Where the log is now. */
  position(options?: SignalOptions): Promise<Position>;
  /** Counts and sizes over all that is in it. For the owner: they tell of what others can't see. */
  stats(options?: SignalOptions): Promise<CubeStats>;

  /** Adds messages, texts, documents, values or typed payloads; see {@link add}. */
  add(input: unknown, options?: AddOptions): Promise<AddResult>;
  /** Adds a file's bytes: JSON, JSON lines, Markdown, text, or what a file parser reads. */
  addFile(
    bytes: Uint8Array,
    options?: AddOptions & { readonly name?: string; readonly mediaType?: string },
  ): Promise<AddResult>;

  search(query: string, options?: SearchOptions): Promise<Retrieval>;
  get(id: string, options?: SignalOptions): Promise<Memory | undefined>;
  getMany(ids: readonly string[], options?: SignalOptions): Promise<readonly Memory[]>;
  /** By the key it was added under: `{ externalKey }`, or `session/message` of a transcript. */
  getByKey(externalKey: string, options?: SignalOptions): Promise<Memory | undefined>;
  getManyByKey(
    externalKeys: readonly string[],
    options?: SignalOptions,
  ): Promise<readonly Memory[]>;
  list(options?: ListOptions & SignalOptions): Promise<Page<Memory>>;
  /** The paths right beneath which values lie; see {@link paths}. */
  paths(options?: PathsOptions & SignalOptions): Promise<readonly Path[]>;
  /** Memories of this cube that point to another one, with the edge. */
  dependents(
    target: string | MemoryRef,
    options?: DependentsOptions & SignalOptions,
  ): Promise<Page<StoredEdge>>;

  update(id: string, patch: UpdatePatch, options?: UpdateOptions): Promise<Memory>;
  /** Puts off the expiry of memories that were read; see {@link renew}. */
  renew(memories: readonly Memory[], options: RenewOptions): Promise<number>;
  /** Hides a memory from search and lists; its history stays. */
  forget(id: string, options?: ChangeOptions): Promise<Memory>;
  /** Forgets what has these external keys, in one commit; returns the ids; see {@link forgetByKey}. */
  forgetByKey(
    externalKeys: readonly string[],
    options?: ForgetByKeyOptions,
  ): Promise<readonly string[]>;
  /** Destroys content, history included; returns the ids that were there. */
  erase(
    ids: string | readonly string[],
    options?: Omit<ChangeOptions, "note">,
  ): Promise<readonly string[]>;

  /** Keeps a KV state of these memories as an activation memory; see {@link promote}. */
  promote(state: KvState, options: PromoteOptions): Promise<Memory>;
  /** The KV state of an activation memory, verified; see {@link recallState}. */
  recallState(
    id: string,
    options?: RecallStateOptions & SignalOptions,
  ): Promise<Recalled | undefined>;
  /** Keeps a LoRA file as a parameter memory; see {@link keepLora}. */
  keepLora(file: LoraFile, options?: KeepLoraOptions): Promise<Memory>;
  /** The file of a parameter memory, verified; see {@link recallLora}. */
  recallLora(
    id: string,
    options?: RecallOptions & SignalOptions,
  ): Promise<RecalledLora | undefined>;

  /** Versions of a memory, newest first. */
  history(id: string, options?: SignalOptions): Promise<readonly HistoricMemory[]>;
  /** Restores an earlier version as a new one. */
  rollback(id: string, version: number, options?: ChangeOptions): Promise<Memory>;
  /** Time machine: the cube at a position or a time, read only. */
  at(when: Position | Date | number, options?: SignalOptions): Promise<PastCube>;
  /** Changes in order; with `follow` also those to come. */
  log(options?: LogOptions): AsyncGenerator<Change>;
  /** Checks that nothing of log and versions was altered, removed or reordered. */
  verify(options?: CubeVerifyOptions): Promise<VerifyReport>;

  /** Memories as values for JSON lines. */
  export(options?: { readonly signal?: AbortSignal }): AsyncGenerator<ExportLine>;
  /** Takes exported lines in; ids that are there already stay as they are. */
  import(
    lines: AsyncIterable<unknown> | Iterable<unknown>,
    options?: { readonly signal?: AbortSignal; readonly onProgress?: (progress: Progress) => void },
  ): Promise<ImportResult>;
}

/** Binds the operations to an opened cube. */
export function memCube(cube: OpenCube): MemCube {
  return { id: cube.ref.cubeId, readOnly: cube.readOnly, ...reads(cube), ...writes(cube) };
}

type Reads =
  | "header"
  | "position"
  | "stats"
  | "search"
  | "get"
  | "getMany"
  | "getByKey"
  | "getManyByKey"
  | "list"
  | "paths"
  | "dependents"
  | "recallState"
  | "recallLora"
  | "history"
  | "at"
  | "log"
  | "verify"
  | "export";

function reads(cube: OpenCube): Pick<MemCube, Reads> {
  return {
    header: async ({ signal } = {}) =>
      (await abortable(signal, () => enter(cube, "cube.read"))).header,
    position: async ({ signal } = {}) =>
      (await abortable(signal, () => enter(cube, "cube.read"))).position,
    stats: async ({ signal } = {}) => await abortable(signal, () => stats(cube)),
    search: async (query, options) =>
      await abortable(options?.signal, () => search(cube, query, options)),
    get: async (id, { signal } = {}) => await abortable(signal, () => get(cube, id)),
    getMany: async (ids, { signal } = {}) => await abortable(signal, () => getMany(cube, ids)),
    getByKey: async (key, { signal } = {}) => await abortable(signal, () => getByKey(cube, key)),
    getManyByKey: async (keys, { signal } = {}) =>
      await abortable(signal, () => getManyByKey(cube, keys)),
    paths: async ({ signal, ...options } = {}) =>
      await abortable(signal, () => paths(cube, options)),
    list: async ({ signal, ...options } = {}) => await abortable(signal, () => list(cube, options)),
    dependents: async (target, { signal, ...options } = {}) =>
      await abortable(signal, () => dependents(cube, target, options)),
    recallState: async (id, { signal, ...options } = {}) =>
      await abortable(signal, () => recallState(cube, id, options)),
    recallLora: async (id, { signal, ...options } = {}) =>
      await abortable(signal, () => recallLora(cube, id, options)),
    history: async (id, { signal } = {}) => await abortable(signal, () => history(cube, id)),
    at: async (when, { signal } = {}) => await abortable(signal, () => pastCube(cube, when)),
    log: (options) => readChanges(cube, options),
    verify: async (options) => await verify(cube, options),
    export: (options) => exportMemories(cube, options),
  };
}

function writes(cube: OpenCube): Omit<MemCube, Reads | "id" | "readOnly"> {
  return {
    configure: async (patch, { signal } = {}) => {
      signal?.throwIfAborted();
      return await configureCube(cube, patch);
    },
    add: async (input, options) => await add(cube, input, options),
    addFile: async (bytes, options) => await addFile(cube, bytes, options),
    update: async (id, patch, options) => await update(cube, id, patch, options),
    renew: async (memories, options) => await renew(cube, memories, options),
    forget: async (id, options) => await forget(cube, id, options),
    forgetByKey: async (keys, options) => await forgetByKey(cube, keys, options),
    erase: async (ids, options) => await erase(cube, ids, options),
    promote: async (state, options) => await promote(cube, state, options),
    keepLora: async (file, options) => await keepLora(cube, file, options),
    rollback: async (id, version, options) => await rollback(cube, id, version, options),
    import: async (lines, options) => await importMemories(cube, lines, options),
  };
}

async function stats(cube: OpenCube): Promise<CubeStats> {
  await enter(cube, "log.read");
  return await cube.context.storage.vault.stats(cube.ref);
}

async function addFile(
  cube: OpenCube,
  bytes: Uint8Array,
  rawOptions: AddOptions & { readonly name?: string; readonly mediaType?: string } = {},
): Promise<AddResult> {
  const { name, mediaType, ...rest } = rawOptions;
  const options = parseInput(addOptionsSchema, rest, "options");
  const { context } = cube;
  const result = await readFile(
    bytes,
    {
      ...(name === undefined ? {} : { name }),
      ...(mediaType === undefined ? {} : { mediaType }),
    },
    {
      parsers: context.parsers,
      now: context.clock.now(),
      newId: () => context.ids.id(),
      ...(options.sessionId === undefined ? {} : { sessionId: options.sessionId }),
      ...(options.speaker === undefined ? {} : { speaker: options.speaker }),
      ...(options.chunkTokens === undefined ? {} : { chunkTokens: options.chunkTokens }),
    },
  );
  return await addRead(cube, result, options);
}
