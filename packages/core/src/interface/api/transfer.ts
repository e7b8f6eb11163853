import { z } from "zod";

import { isMemCubeError, MemCubeError } from "../../errors.ts";
import type { NewTask, Position } from "../../flow/index.ts";
import { LIMITS } from "../../limits.ts";
import {
  edgeSchema,
  fingerprintOf,
  kindOf,
  memoryHeaderSchema,
  payloadSchema,
  type Memory,
  type MemoryContent,
} from "../../memory/index.ts";
import { backOff } from "./back-off.ts";
import { batchSize } from "./batch-size.ts";
import { assertWritable, type OpenCube } from "./context.ts";
import { enter } from "./cube-access.ts";
import { embedTask } from "./embed.ts";
import { giveUpKey, keyHolders, type KeyHolder } from "./key-holders.ts";
import { list } from "./list.ts";
import { addDraft, assertSize } from "./new-memory.ts";
import { parseInput, type Progress } from "./options.ts";
import { settledBy, type SettleReport } from "./settled.ts";
import { tooManyRaces, write, type Draft } from "./write.ts";

/** One line of an export: a memory as JSON, ids and times kept. */
export const exportLineSchema = z.strictObject({
  memcube: z.literal(1),
  header: memoryHeaderSchema,
  payload: payloadSchema,
  edges: z.array(edgeSchema).max(LIMITS.edges),
});
export type ExportLine = Readonly<z.infer<typeof exportLineSchema>>;

/**
 * Every memory the caller may see that is neither forgotten nor expired, in creation order, as values for
 * JSON lines. KV states and LoRAs are left out: their bytes are no JSON (`recallState`, `recallLora`).
 */
export async function* exportMemories(
  cube: OpenCube,
  options: { readonly signal?: AbortSignal } = {},
): AsyncGenerator<ExportLine> {
  let cursor: string | undefined;
  do {
    options.signal?.throwIfAborted();
    const page = await list(cube, {
      kinds: ["plaintext"],
      states: ["generated", "activated", "merged", "archived"],
      limit: LIMITS.pageRows,
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const memory of page.items) yield toLine(memory);
    cursor = page.cursor;
  } while (cursor !== undefined);
}

function toLine({ header, payload, edges }: Memory): ExportLine {
  return exportLineSchema.parse({ memcube: 1, header, payload, edges });
}

export interface ImportResult {
  readonly imported: number;
  /** Ids that were there already and were left as they are. */
  readonly existing: number;
  readonly rejected: readonly { readonly line: number; readonly message: string }[];
  readonly position: Position;
  /** Waits for background work (embedding); never rejects, reports. */
  settled(options?: { readonly signal?: AbortSignal }): Promise<SettleReport>;
}

/**
 * Takes exported lines into this cube. Sources, times, labels, lists and expiry are kept (lists only
 * ever narrow who sees it); the importer becomes the owner. An id that is no UUID is replaced, and
 * edges of later lines follow it; kind, type and fingerprint are made anew. Lines that can't be taken
 * are reported one by one.
 *
 * @throws MemCubeError `MEMCUBE_FORBIDDEN`, `MEMCUBE_BUSY`
 */
export async function importMemories(
  cube: OpenCube,
  lines: AsyncIterable<unknown> | Iterable<unknown>,
  options: {
    readonly signal?: AbortSignal;
    readonly onProgress?: (progress: Progress) => void;
  } = {},
): Promise<ImportResult> {
  assertWritable(cube);
  let { position } = await enter(cube, "memory.add");
  const rejected: { line: number; message: string }[] = [];
  const renamed = new Map<string, string>();
  const taskKeys: string[] = [];
  let imported = 0;
  let existing = 0;
  let number = 0;
  let batch: Line[] = [];
  const size = batchSize(cube.context);
  const flush = async () => {
    const outcome = await importBatch(cube, batch, options.signal);
    imported += outcome.imported;
    existing += outcome.existing;
    rejected.push(...outcome.rejected);
    taskKeys.push(...outcome.taskKeys);
    ({ position } = outcome);
    batch = [];
    const total = Array.isArray(lines) ? lines.length : number;
    options.onProgress?.({ done: number, total });
  };
  for await (const value of lines) {
    options.signal?.throwIfAborted();
    number++;
    try {
      const line = parseInput(exportLineSchema, value, "line");
      assertPlaintext(line);
      const content = adopt(cube, line, renamed);
      assertSize(content);
      batch.push({ number, content });
    } catch (error) {
      if (!isMemCubeError(error)) throw error;
      rejected.push({ line: number, message: error.message });
    }
    if (batch.length >= size) await flush();
  }
  if (batch.length > 0) await flush();
  rejected.sort((a, b) => a.line - b.line);
  const { tenantId } = cube.ref;
  const settled: ImportResult["settled"] = async (settle) =>
    await settledBy(cube.context, tenantId, taskKeys, settle?.signal);
  return { imported, existing, rejected, position, settled };
}

/** A manifest without its bytes is worth nothing, and might point to somebody else's. */
function assertPlaintext({ payload }: ExportLine): void {
  if (kindOf(payload) === "plaintext") return;
  const why = `line.payload: a ${payload.type} comes with its bytes: promote or keep it`;
  throw new MemCubeError("MEMCUBE_INVALID_INPUT", why);
}

interface Line {
  readonly number: number;
  readonly content: MemoryContent;
}

/**
 * The content under its new owner and cube. What the log or the index goes by is not taken from the
 * line: the id is a UUID, kind, type and fingerprint are those of the payload.
 */
function adopt(
  { context, ref, caller }: OpenCube,
  { header, payload, edges }: ExportLine,
  renamed: Map<string, string>,
): MemoryContent {
  let { id } = header;
  if (!UUID.test(id)) {
    id = renamed.get(id) ?? context.ids.id();
    renamed.set(header.id, id);
  }
  const hidden = header.state === "forgotten" || header.state === "expired";
  return {
    header: {
      ...header,
      ...ref,
      id,
      kind: kindOf(payload),
      type: payload.type,
      fingerprint: fingerprintOf(payload),
      owner: `user:${caller.userId}`,
      state: hidden ? "archived" : header.state,
      frozen: false,
    },
    payload,
    edges: edges.map((edge) => {
      const target = edge.to.cubeId === header.cubeId ? renamed.get(edge.to.id) : undefined;
      return target === undefined ? edge : { ...edge, to: { cubeId: ref.cubeId, id: target } };
    }),
  };
}

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

interface ImportOutcome extends Pick<ImportResult, "imported" | "existing" | "rejected"> {
  readonly taskKeys: readonly string[];
  readonly position: Position;
}

async function importBatch(
  cube: OpenCube,
  batch: readonly Line[],
  signal: AbortSignal | undefined,
): Promise<ImportOutcome> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await tryImport(cube, batch, signal);
    } catch (error) {
      if (!isMemCubeError(error, "MEMCUBE_DUPLICATE_KEY")) throw error;
      if (attempt >= LIMITS.conflictRetries) throw tooManyRaces(cube.ref.cubeId, undefined);
      await backOff(cube.context.ids, attempt, signal);
    }
  }
}

async function tryImport(
  cube: OpenCube,
  batch: readonly Line[],
  signal: AbortSignal | undefined,
): Promise<ImportOutcome> {
  const { context, ref } = cube;
  const taskKey = context.ids.id();
  let plan: ImportPlan = { drafts: [], added: [], existing: 0, rejected: [] };
  let tasks: readonly NewTask[] = [];
  const written = await write(cube, {
    action: "memory.add",
    drafts: async (state) => {
      const ids = batch.map(({ content }) => content.header.id);
      const keys = new Set(batch.flatMap(({ content }) => content.header.externalKey ?? []));
      const access = { system: "write" } as const;
      const there = await context.storage.vault.read(ref, { ids, access });
      const holders = await keyHolders(cube, state, [...keys]);
      plan = planImport(cube, batch, new Set(there.map(({ id }) => id)), holders);
      return plan.drafts;
    },
    tasks: () => (tasks = embedTask(cube, taskKey, plan.added)),
    ...(signal === undefined ? {} : { signal }),
  });
  const { added, existing, rejected } = plan;
  return {
    imported: added.length,
    existing,
    rejected,
    taskKeys: tasks.map((task) => task.key),
    position: written.position,
  };
}

interface ImportPlan extends Pick<ImportResult, "existing" | "rejected"> {
  readonly drafts: readonly Draft[];
  readonly added: readonly Draft[];
}

/** What becomes of each line, by the ids and keys that are there. Pure but for new salts. */
function planImport(
  cube: OpenCube,
  batch: readonly Line[],
  there: ReadonlySet<string>,
  holders: ReadonlyMap<string, KeyHolder>,
): ImportPlan {
  const ids = new Set(there);
  const taken = new Set<string>();
  const rejected: { line: number; message: string }[] = [];
  const givenUp: Draft[] = [];
  const added: Draft[] = [];
  let existing = 0;
  for (const { number: line, content } of batch) {
    const { id, externalKey } = content.header;
    const holder = externalKey === undefined ? undefined : holders.get(externalKey);
    if (ids.has(id)) existing++;
    else if (externalKey !== undefined && (taken.has(externalKey) || holder?.gone === false)) {
      rejected.push({ line, message: "header.externalKey: another memory has this key" });
    } else {
      ids.add(id);
      if (externalKey !== undefined) taken.add(externalKey);
      if (holder !== undefined) givenUp.push(giveUpKey(cube, holder));
      added.push(addDraft(cube, content));
    }
  }
  return { drafts: [...givenUp, ...added], added, existing, rejected };
}
