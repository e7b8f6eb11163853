import { channel } from "node:diagnostics_channel";

import type { FailedPart } from "./options.ts";

/** Messages of this adapter on `node:diagnostics_channel`; they hold no text of prompts or answers. */
export interface AiSdkEvents {
  /** Memory was looked up for a model call. */
  "memcube:ai-sdk:recall": {
    readonly tenantId: string;
    readonly cubeId: string;
    readonly hits: number;
    readonly tokens: number;
    readonly ms: number;
  };
  /** A finished answer was kept, with what it answers. */
  "memcube:ai-sdk:save": {
    readonly tenantId: string;
    readonly cubeId: string;
    readonly added: number;
    readonly ended: "finished" | "stopped" | "failed";
    readonly ms: number;
  };
  "memcube:ai-sdk:error": { readonly part: FailedPart; readonly error: unknown };
}

/** Publishes one event; costs nothing when nobody listens. */
export function emit<Name extends keyof AiSdkEvents>(name: Name, event: AiSdkEvents[Name]): void {
  const target = channel(name);
  if (target.hasSubscribers) target.publish(event);
}
