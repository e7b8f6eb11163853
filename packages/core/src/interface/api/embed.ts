import { z } from "zod";

import { emit } from "../../events.ts";
import { isMemCubeError } from "../../errors.ts";
import type { LeasedTask, NewTask } from "../../flow/index.ts";
import { commit, type Mutation } from "../../infrastructure/vault/index.ts";
import { sha256Hex, type CubeRef } from "../../memory/index.ts";
import { embeddingText, readable } from "../../operation/operator/index.ts";
import { batchSize } from "./batch-size.ts";
import type { ApiContext, OpenCube } from "./context.ts";
import { embedTexts } from "./embed-texts.ts";
import type { Draft } from "./write.ts";

export const EMBED_TASK = "embed";

const payloadSchema = z.strictObject({ ids: z.array(z.string()) });

/** A text that waits for its vector. */
interface Wanted {
  readonly id: string;
  readonly fingerprint: string;
  readonly version: number;
  readonly text: string;
}

/** The task that embeds what a commit wrote; none without an embedder. */
export function embedTask(cube: OpenCube, key: string, drafts: readonly Draft[]): NewTask[] {
  if (cube.context.operator.embedder === undefined) return [];
  const ids = drafts.flatMap(({ content }) =>
    content === undefined || content.header.kind !== "plaintext" ? [] : [content.header.id],
  );
  if (ids.length === 0) return [];
  return [{ key: `embed:${key}`, type: EMBED_TASK, ...cube.ref, payload: { ids } }];
}

/**
 * Queues what an index found without a vector of this embedder: it came later than the memories, or
 * another process wrote them without one. After what was just written.
 */
export async function fillVectors(
  context: ApiContext,
  ref: CubeRef,
  ids: readonly string[],
): Promise<void> {
  const { embedder } = context.operator;
  if (embedder === undefined || context.state.closed) return;
  try {
    const tasks: NewTask[] = [];
    const size = batchSize(context);
    for (let start = 0; start < ids.length; start += size) {
      const batch = ids.slice(start, start + size);
      const digest = sha256Hex(JSON.stringify([ref.cubeId, embedder.model, batch]));
      const key = `embed:fill:${digest}`;
      tasks.push({ key, type: EMBED_TASK, ...ref, payload: { ids: batch }, priority: -1 });
    }
    await context.storage.queue.enqueue(tasks, context.clock.now());
    context.worker.nudge();
  } catch (error) {
    emit("memcube:error", { where: "embed.fill", error });
  }
}

/**
 * Embeds the memories of a task and stores the vectors, once however often it runs. Texts that fail
 * are left for the next attempt, the others get their vectors.
 *
 * @throws MemCubeError `MEMCUBE_EMBEDDER_FAILED` when there are such
 */
export async function runEmbedTask(
  context: ApiContext,
  task: LeasedTask,
  signal: AbortSignal,
): Promise<void> {
  const { embedder } = context.operator;
  if (embedder === undefined) return;
  const ref = { tenantId: task.tenantId, cubeId: task.cubeId };
  const { ids } = payloadSchema.parse(task.payload);
  const wanted = await withoutVector(context, ref, ids);
  if (wanted.length === 0) return;
  const texts = wanted.map(({ text }) => text);
  const { vectors, failure } = await embedTexts(embedder, texts, signal);
  const embedded = wanted.flatMap((one, i) => {
    const vector = vectors[i];
    return vector === undefined ? [] : [{ ...one, vector }];
  });
  if (embedded.length > 0) await storeVectors(context, ref, task.key, embedded);
  if (failure !== undefined) throw failure;
}

async function withoutVector(
  context: ApiContext,
  ref: CubeRef,
  ids: readonly string[],
): Promise<Wanted[]> {
  const model = context.operator.embedder?.model;
  const access = { system: "index" } as const;
  const stored = await context.storage.vault.read(ref, { ids, access, vectors: true });
  return stored.flatMap((row) => {
    const memory = readable(ref, row);
    if (memory === undefined) return [];
    const { id, fingerprint } = memory.header;
    const text = embeddingText(memory.payload);
    const done = row.vector?.model === model && row.vector?.fingerprint === fingerprint;
    return done || text.trim() === "" ? [] : [{ id, fingerprint, text, version: row.version }];
  });
}

async function storeVectors(
  context: ApiContext,
  ref: CubeRef,
  taskKey: string,
  embedded: readonly (Wanted & { readonly vector: Float32Array })[],
): Promise<void> {
  const { embedder, indexes, vault } = context.operator;
  const model = embedder?.model ?? "";
  // An attempt that goes on where another failed writes other vectors: it is another commit.
  const what = sha256Hex(JSON.stringify(embedded.map(({ id, fingerprint }) => [id, fingerprint])));
  try {
    const receipt = await commit(vault, context.clock, context.ids, {
      cube: ref,
      caller: { tenantId: ref.tenantId, userId: "memcube", roles: [], via: "worker" },
      decision: { effect: "permit", action: "memory.update", rules: ["background:embed"] },
      mutations: embedded.map(({ id, fingerprint, vector }): Mutation => ({
        write: { op: "vector", id, fingerprint, model, vector },
        change: { op: "embed", memoryId: id, model },
      })),
      idempotencyKey: `task:${taskKey}:${model}:${what}`,
    });
    if (!receipt.replayed) {
      const vectors = embedded.map(({ id, version, vector }) => ({ id, version, vector }));
      indexes.feed(ref, receipt.position, { vectors });
    }
    context.keeper.note(ref);
  } catch (error) {
    // The cube was deleted meanwhile: there is nothing left to embed.
    if (!isMemCubeError(error, "MEMCUBE_CUBE_NOT_FOUND")) throw error;
  }
}
