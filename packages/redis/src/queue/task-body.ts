import { type JsonObject, LIMITS, type NewTask } from "@memcube/core";
import { z } from "zod";

import { damaged, objectOf } from "../replies.ts";

/** What of a task never changes, as it is stored. */
interface TaskBody {
  readonly key: string;
  readonly tenantId: string;
  readonly cubeId: string;
  readonly type: string;
  readonly payload: JsonObject;
  readonly priority: number;
  readonly maxAttempts: number;
}

export function taskBody(task: NewTask): string {
  const { key, tenantId, cubeId, type, payload, priority = 0 } = task;
  const maxAttempts = task.maxAttempts ?? LIMITS.taskAttempts;
  return JSON.stringify({ key, tenantId, cubeId, type, payload, priority, maxAttempts });
}

const schema = z.object({
  key: z.string(),
  tenantId: z.string(),
  cubeId: z.string(),
  type: z.string(),
  payload: z.custom<JsonObject>((value) => typeof value === "object" && value !== null),
  priority: z.number(),
  maxAttempts: z.number(),
});

/** @throws MemCubeError `MEMCUBE_STORAGE_DAMAGED` */
export function readBody(text: string): TaskBody {
  const parsed = schema.safeParse(objectOf(text));
  if (parsed.success) return parsed.data;
  throw damaged("no task", parsed.error);
}
