import { z } from "zod";

import type { LeasedTask, NewTask } from "../../flow/index.ts";
import { commit, toMemory, type Mutation } from "../../infrastructure/vault/index.ts";
import { embeddingText } from "../../operation/operator/index.ts";
import { isMemCubeError, MemCubeError } from "../../errors.ts";
import type { ApiContext, OpenCube } from "./context.ts";
import type { Draft } from "./write.ts";

export const EMBED_TASK = "embed";

const payloadSchema = z.strictObject({ ids: z.array(z.string()) });

/** The task that embeds what a commit wrote; none without an embedder. */
export function embedTask(cube: OpenCube, key: string, drafts: readonly Draft[]): NewTask[] {
  if (cube.context.operator.embedder === undefined) return [];
  const ids = drafts.flatMap(({ content }) =>
    content === undefined || content.header.kind !== "plaintext" ? [] : [content.header.id],
  );
  if (ids.length === 0) return [];
  return [{ key: `embed:${key}`, type: EMBED_TASK, ...cube.ref, payload: { ids } }];
}

/** Embeds the memories of a task and stores the vectors, once however often it runs. */
export async function runEmbedTask(
  context: ApiContext,
  task: LeasedTask,
  signal: AbortSignal,
): Promise<void> {
  const { embedder } = context.operator;
  if (embedder === undefined) return;
  const ref = { tenantId: task.tenantId, cubeId: task.cubeId };
  const { ids } = payloadSchema.parse(task.payload);
  const { vault } = context.storage;
  const stored = await vault.read(ref, { ids, access: { system: "index" }, vectors: true });
  const wanted = stored.flatMap((version) => {
    const { header, payload } = toMemory(ref, version);
    const { vector } = version;
    const done = vector?.model === embedder.model && vector.fingerprint === header.fingerprint;
    const text = embeddingText(payload);
    return done || text.trim() === "" ? [] : [{ header, text, version: version.version }];
  });
  if (wanted.length === 0) return;
  const vectors = await embedder.embed(
    wanted.map(({ text }) => text),
    { purpose: "document", signal },
  );
  const mutations = wanted.map(({ header }, i): Mutation => {
    const vector = vectors[i];
    if (vector?.length !== embedder.dimensions || !vector.every(Number.isFinite)) {
      throw new MemCubeError(
        "MEMCUBE_EMBEDDER_FAILED",
        `Embedder ${embedder.model} gave no valid vector of ${embedder.dimensions} numbers.`,
        { details: { model: embedder.model, id: header.id } },
      );
    }
    const { id, fingerprint } = header;
    return {
      write: { op: "vector", id, fingerprint, model: embedder.model, vector },
      change: { op: "embed", memoryId: id, model: embedder.model },
    };
  });
  try {
    const receipt = await commit(vault, context.clock, context.ids, {
      cube: ref,
      caller: { tenantId: ref.tenantId, userId: "memcube", roles: [], via: "worker" },
      decision: { effect: "permit", action: "memory.update", rules: ["background:embed"] },
      mutations,
      idempotencyKey: `task:${task.key}:${embedder.model}`,
    });
    if (!receipt.replayed) {
      context.operator.indexes.feed(ref, receipt.position, {
        vectors: wanted.map(({ header, version }, i) => ({
          id: header.id,
          version,
          vector: vectors[i] as Float32Array,
        })),
      });
    }
    context.keeper.note(ref);
  } catch (error) {
    // The cube was deleted meanwhile: there is nothing left to embed.
    if (!isMemCubeError(error, "MEMCUBE_CUBE_NOT_FOUND")) throw error;
  }
}
