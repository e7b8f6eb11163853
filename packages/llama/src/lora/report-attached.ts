import type { TelemetryEvents } from "@memcube/core";
import { channel } from "node:diagnostics_channel";

const attached = channel("memcube:lora");

/** Tells whoever listens how long it took to make a LoRA set ready; nothing when there is none. */
export function reportAttached(lora: readonly { readonly sha256: string }[], ms: number): void {
  if (lora.length === 0 || !attached.hasSubscribers) return;
  const event: TelemetryEvents["memcube:lora"] = { sha256: lora.map(({ sha256 }) => sha256), ms };
  attached.publish(event);
}
