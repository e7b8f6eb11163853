import { MemCubeError } from "../../errors.ts";
import type { Caller } from "../../flow/index.ts";
import type { CubeHeader, CubeRef, Principal } from "../../memory/index.ts";
import type { LogKeeper } from "../../operation/lifecycle/index.ts";
import type { OperatorParts } from "../../operation/operator/index.ts";
import type {
  SideWork,
  TaskWorker,
  UsageBuffer,
  UseCounts,
} from "../../operation/scheduler/index.ts";
import type {
  Clock,
  Engine,
  FileParser,
  Ids,
  PromptStates,
  Signer,
  Storage,
  Tokenizer,
} from "../../ports/index.ts";

/** Everything the operations of the API work with; made once by `createMemOS`. */
export interface ApiContext {
  readonly storage: Storage;
  readonly operator: OperatorParts;
  readonly usage: UsageBuffer;
  readonly worker: TaskWorker;
  readonly keeper: LogKeeper;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Left out: tokens are estimated. */
  readonly tokenizer?: Tokenizer;
  readonly parsers: readonly FileParser[];
  readonly signer?: Signer;
  /** What engines keep of prompts. */
  readonly promptStates: readonly PromptStates[];
  /** Engines by the names that prompts' models go by. */
  readonly engines: ReadonlyMap<string, Engine>;
  /** What becomes of prefixes that are used again and again; left out: nothing. */
  readonly promotion?: Promotion;
  /** Headers of the cubes used last, by `cubeKey`: parsed once, and known without asking. */
  readonly headers: Map<string, KnownHeader>;
  readonly state: { closed: boolean };
}

/** When states of prompts become memories by themselves. */
export interface Promotion {
  readonly afterUses: number;
  /** Bytes of such states of one user in one cube. */
  readonly budgetBytes: number;
  readonly uses: UseCounts;
  readonly work: SideWork;
}

/** A cube's header as this process saw it last; its commitment is no other header's. */
export interface KnownHeader {
  readonly version: number;
  readonly commitment: string;
  readonly header: CubeHeader;
}

/** A cube as one caller opened it. */
export interface OpenCube {
  readonly context: ApiContext;
  readonly ref: CubeRef;
  readonly caller: Caller;
  readonly principals: readonly Principal[];
  readonly readOnly: boolean;
  /** Set when the handle was unmounted. */
  readonly mount: { closed: boolean };
}

/** @throws MemCubeError `MEMCUBE_CLOSED` */
export function assertUsable(cube: OpenCube): void {
  if (cube.context.state.closed) throw closed("This memory OS is closed.");
  if (cube.mount.closed) throw closed(`Cube ${cube.ref.cubeId} was unmounted; open it again.`);
}

/** @throws MemCubeError `MEMCUBE_CLOSED` */
export function assertOpen(context: ApiContext): void {
  if (context.state.closed) throw closed("This memory OS is closed.");
}

/** @throws MemCubeError `MEMCUBE_READ_ONLY` */
export function assertWritable(cube: OpenCube): void {
  if (!cube.readOnly) return;
  throw new MemCubeError(
    "MEMCUBE_READ_ONLY",
    `Cube ${cube.ref.cubeId} is mounted read-only. Open it without { readOnly: true } to write.`,
    { details: { cubeId: cube.ref.cubeId } },
  );
}

function closed(message: string): MemCubeError {
  return new MemCubeError("MEMCUBE_CLOSED", message);
}
