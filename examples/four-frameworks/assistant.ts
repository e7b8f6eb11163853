import type { MemOS } from "memcube";

/** Whose memory an assistant works with: a user, and the cube that is shared. */
export interface Household {
  readonly caller: { readonly userId: string; readonly agentId: string };
  readonly cube: string;
}

/** An assistant on some framework: it is told something, or asked. */
export interface Assistant {
  readonly framework: string;
  say(os: MemOS, household: Household, text: string): Promise<string>;
}
