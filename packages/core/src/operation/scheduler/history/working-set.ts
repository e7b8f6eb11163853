import type { MessageView } from "../../../flow/index.ts";
import { groupMessages } from "./group-messages.ts";

export interface WorkingSetBudget {
  /** Tokens at which the first messages are left out. */
  readonly firstTokens: number;
  /** Tokens at which more are left out. */
  readonly highTokens: number;
  /** Tokens left after a cut, at most. */
  readonly lowTokens: number;
}

/**
 * Chooses the latest messages that fit a budget, as ascending indices.
 *
 * It cuts in steps: when the messages have grown past `highTokens` they are cut down to `lowTokens`,
 * and then grow again, so that a prompt begins with the same messages for many turns and prompt caches
 * hold. Where it cuts follows from the messages alone: as a conversation grows, the cut never goes
 * back.
 *
 * Kept whatever they take: system messages, the last thing a user said, the last group, and what the
 * user asked at the start of an exchange that is cut in its middle (a conversation begins with its
 * user). System messages count for no budget.
 */
export function workingSet(
  messages: readonly MessageView[],
  budget: WorkingSetBudget,
): readonly number[] {
  const groups = groupMessages(messages);
  const asking = lastAsking(messages);
  const before = [0];
  for (const { role, tokens } of messages) {
    before.push((before.at(-1) ?? 0) + (role === "system" ? 0 : tokens));
  }
  const startOf = (group: number) => groups[group]?.start ?? messages.length;
  /** The user's message in front of the cut; `undefined` when the cut is at one. */
  const anchorOf = (group: number) => {
    const start = startOf(group);
    return asking[start] === start ? undefined : asking[start];
  };
  const size = (group: number, end: number) => {
    const anchor = anchorOf(group);
    const kept = (before[end] ?? 0) - (before[startOf(group)] ?? 0);
    return kept + (anchor === undefined ? 0 : (messages[anchor]?.tokens ?? 0));
  };

  let cut = 0;
  for (const [last, { end }] of groups.entries()) {
    if (size(cut, end) <= (cut === 0 ? budget.firstTokens : budget.highTokens)) continue;
    while (cut < last && size(cut, end) > budget.lowTokens) cut++;
  }
  const start = startOf(cut);
  const anchor = anchorOf(cut);
  return messages.flatMap(({ role }, at) =>
    at >= start || at === anchor || role === "system" ? [at] : [],
  );
}

/** By message: itself if a user says something in it, else the last one before in which one does. */
function lastAsking(messages: readonly MessageView[]): readonly (number | undefined)[] {
  let last: number | undefined;
  return messages.map(({ asks }, at) => (last = asks ? at : last));
}
