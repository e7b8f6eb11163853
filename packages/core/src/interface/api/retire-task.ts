import type { NewTask } from "../../flow/index.ts";
import { canonicalJson, sha256Hex, type MemoryContent } from "../../memory/index.ts";
import { retirementTime, retiresAt } from "../../operation/lifecycle/index.ts";
import type { OpenCube } from "./context.ts";

/** Type of the task that erases what has expired, when its retention has passed. */
export const RETIRE_TASK = "retire";

/** The tasks that erase what a commit writes, once it has expired and is to be kept no longer. */
export function retireTasks(
  { context, ref }: OpenCube,
  contents: readonly MemoryContent[],
): NewTask[] {
  const now = Math.floor(context.clock.now());
  const groups = new Map<number, string[]>();
  for (const { header } of contents) {
    const due = retiresAt(header);
    if (due === undefined) continue;
    const at = retirementTime(due, now);
    const ids = groups.get(at) ?? [];
    ids.push(header.id);
    groups.set(at, ids);
  }
  return [...groups].map(([notBefore, ids]) => {
    // One that may be running already would not look again at what this commit changes.
    const name = notBefore > now ? sha256Hex(canonicalJson([ref.cubeId, ids])) : context.ids.id();
    const key = `retire:${notBefore}:${name}`;
    return { key, type: RETIRE_TASK, ...ref, payload: { ids }, notBefore, priority: -1 };
  });
}
