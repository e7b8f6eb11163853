import { channel } from "node:diagnostics_channel";

import type { FailedPart } from "./options.ts";

/** Messages of this adapter on `node:diagnostics_channel`; they hold no text of prompts or answers. */
export interface MastraEvents {
  "memcube:mastra:error": { readonly part: FailedPart; readonly error: unknown };
  /** A prompt was planned. */
  "memcube:mastra:recall": {
    readonly hits: number;
    /** Tokens that memory adds. */
    readonly tokens: number;
    /** Tokens that the cut history saves. */
    readonly savedTokens: number;
  };
}

/** Publishes one event; costs nothing when nobody listens. */
export function emit<Name extends keyof MastraEvents>(name: Name, event: MastraEvents[Name]): void {
  const target = channel(name);
  if (target.hasSubscribers) target.publish(event);
}
