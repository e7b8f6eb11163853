import type { ThreadRef } from "@memcube/core";

import { TENANT } from "./acknowledged.ts";

/** What a writer says of a thread: a step that was put, or checkpoints that it begins to remove or has removed. */
export type AcknowledgedStep = { readonly thread: string } & (
  | { readonly put: string }
  | { readonly removing: readonly string[] }
  | { readonly removed: readonly string[] }
);

export function threadOf(threadId: string): ThreadRef {
  return { tenantId: TENANT, owner: "user:ada", threadId };
}

export function stepId(writer: string, serial: number): string {
  return `${writer}-${String(serial).padStart(6, "0")}`;
}
