import type { TurnPayload } from "../../memory/index.ts";

export type Role = TurnPayload["role"];

const ROLES: ReadonlyMap<string, Role> = new Map<string, Role>([
  ["user", "user"],
  ["human", "user"],
  ["assistant", "assistant"],
  ["ai", "assistant"],
  ["model", "assistant"],
  ["bot", "assistant"],
  ["system", "system"],
  ["developer", "system"],
  ["tool", "tool"],
  ["function", "tool"],
]);

/** The role a framework's word stands for; `undefined` for a word that is none. */
export function roleOf(word: string): Role | undefined {
  return ROLES.get(word.toLowerCase());
}
