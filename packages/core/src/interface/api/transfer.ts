import { z } from "zod";

import { isMemCubeError } from "../../errors.ts";
import type { Position } from "../../flow/index.ts";
import { LIMITS } from "../../limits.ts";
import {
  edgeSchema,
  memoryHeaderSchema,
  payloadSchema,
  type Memory,
  type MemoryContent,
} from "../../memory/index.ts";
import type { OpenCube } from "./context.ts";
import { enter } from "./cube-access.ts";
import { list } from "./list.ts";
import { addDraft } from "./new-memory.ts";
import type { Progress } from "./options.ts";
import { write } from "./write.ts";

/** One line of an export: a memory as JSON, ids and times kept. */
export const exportLineSchema = z.strictObject({
  memcube: z.literal(1),
  header: memoryHeaderSchema,
  payload: payloadSchema,
  edges: z.array(edgeSchema),
});
export type ExportLine = Readonly<z.infer<typeof exportLineSchema>>;

/** Every memory the caller may see, in creation order, as values for JSON lines. */
export async function* exportMemories(
  cube: OpenCube,
  options: { readonly signal?: AbortSignal } = {},
): AsyncGenerator<ExportLine> {
  let cursor: string | undefined;
  do {
    options.signal?.throwIfAborted();
    const page = await list(cube, {
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
}

/**
 * Takes exported lines into this cube. Ids, sources, times and labels are kept; owner, lists and
 * lifecycle start anew with the importer. Lines that are no memories are reported one by one.
 */
export async function importMemories(
  cube: OpenCube,
  lines: AsyncIterable<unknown> | Iterable<unknown>,
  options: {
    readonly signal?: AbortSignal;
    readonly onProgress?: (progress: Progress) => void;
  } = {},
): Promise<ImportResult> {
  let { position } = await enter(cube, "memory.add");
  const rejected: { line: number; message: string }[] = [];
  let imported = 0;
  let existing = 0;
  let number = 0;
  let batch: MemoryContent[] = [];
  const flush = async () => {
    const outcome = await importBatch(cube, batch);
    imported += outcome.imported;
    existing += batch.length - outcome.imported;
    position = outcome.position ?? position;
    batch = [];
    options.onProgress?.({ done: number, total: number });
  };
  for await (const line of lines) {
    options.signal?.throwIfAborted();
    number++;
    const parsed = exportLineSchema.safeParse(line);
    if (parsed.success) batch.push(adopt(cube, parsed.data));
    else rejected.push({ line: number, message: parsed.error.issues[0]?.message ?? "invalid" });
    if (batch.length >= LIMITS.addBatch) await flush();
  }
  if (batch.length > 0) await flush();
  return { imported, existing, rejected, position };
}

/** The content under its new owner and cube; deny lists and expiry are kept, they only protect. */
function adopt({ ref, caller }: OpenCube, line: ExportLine): MemoryContent {
  const { allow: _, ...header } = line.header;
  return {
    header: { ...header, ...ref, owner: `user:${caller.userId}`, frozen: false },
    payload: line.payload,
    edges: line.edges,
  };
}

async function importBatch(
  cube: OpenCube,
  batch: readonly MemoryContent[],
): Promise<{ readonly imported: number; readonly position?: Position }> {
  const { context, ref } = cube;
  let fresh: MemoryContent[] = [];
  for (let attempt = 1; ; attempt++) {
    const ids = batch.map((content) => content.header.id);
    const access = { system: "write" } as const;
    const there = new Set(
      (await context.storage.vault.read(ref, { ids, access })).map((stored) => stored.id),
    );
    const seen = new Set<string>();
    fresh = batch.filter(({ header }) => {
      const known = there.has(header.id) || seen.has(header.id);
      seen.add(header.id);
      return !known;
    });
    try {
      const written = await write(cube, {
        action: "memory.add",
        drafts: () => fresh.map((content) => addDraft(cube, content)),
      });
      const position = written?.receipt.position;
      return { imported: fresh.length, ...(position === undefined ? {} : { position }) };
    } catch (error) {
      if (!isMemCubeError(error, "MEMCUBE_CONFLICT") || attempt >= LIMITS.conflictRetries)
        throw error;
    }
  }
}
