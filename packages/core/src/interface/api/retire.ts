import { z } from "zod";

import type { LeasedTask } from "../../flow/index.ts";
import { canonicalJson, sha256Hex } from "../../memory/index.ts";
import { retiresAt } from "../../operation/lifecycle/index.ts";
import { readable } from "../../operation/operator/index.ts";
import type { ApiContext } from "./context.ts";
import { eraseOnBehalf } from "./states/index.ts";

const payloadSchema = z.strictObject({ ids: z.array(z.string()) });

/**
 * Erases those memories of a task whose time has come. What was renewed meanwhile has a later task of its
 * own; what is frozen stays, for that is what freezing is for.
 *
 * @throws MemCubeError `MEMCUBE_CONFLICT` when one is changed at this moment: the task runs again
 */
export async function runRetireTask(context: ApiContext, task: LeasedTask): Promise<void> {
  const ref = { tenantId: task.tenantId, cubeId: task.cubeId };
  const { ids } = payloadSchema.parse(task.payload);
  const now = context.clock.now();
  const stored = await context.storage.vault.read(ref, { ids, access: { system: "retention" } });
  const due = stored.filter((row) => {
    const header = readable(ref, row)?.header;
    const at = header && retiresAt(header);
    return header?.frozen === false && at !== undefined && at <= now;
  });
  await eraseOnBehalf(context, ref, due, {
    rule: "background:retention-over",
    idempotencyKey: `retire:${sha256Hex(canonicalJson(due.map(({ id, version }) => [id, version])))}`,
  });
}
