import { channel } from "node:diagnostics_channel";

/**
 * Telemetry of memcube: `node:diagnostics_channel` messages under `memcube:*`. Nothing leaves the
 * process unless somebody subscribes. Audit is another thing: the cube's log.
 */
export interface TelemetryEvents {
  "memcube:commit": { tenantId: string; cubeId: string; seq: number; changes: number; ms: number };
  "memcube:search": { tenantId: string; cubeId: string; hits: number; ms: number };
  "memcube:index": {
    tenantId: string;
    cubeId: string;
    how: "built" | "loaded" | "caught-up" | "rebuilt" | "evicted";
    rows: number;
    ms: number;
  };
  "memcube:task": { type: string; outcome: "done" | "retry" | "dead"; attempt: number; ms: number };
  /** A context with a LoRA set was made ready. */
  "memcube:lora": { sha256: readonly string[]; ms: number };
  /** A LoRA or KV state that a plan named was not used. */
  "memcube:plan": { tenantId: string; cubeId: string; memoryId: string; reason: string };
  "memcube:error": { where: string; error: unknown };
}

/** Publishes one event; costs nothing when nobody listens. */
export function emit<Name extends keyof TelemetryEvents>(
  name: Name,
  event: TelemetryEvents[Name],
): void {
  const target = channel(name);
  if (target.hasSubscribers) target.publish(event);
}
