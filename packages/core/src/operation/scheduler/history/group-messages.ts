import type { MessageView } from "../../../flow/index.ts";

/** Messages that are kept or left out together: from `start` up to, not including, `end`. */
export interface MessageGroup {
  readonly start: number;
  readonly end: number;
}

/**
 * Cuts a conversation where it may be cut: a tool call and all that answers it are in one group, with
 * everything between them. A message that is not understood stays with both its neighbours. An id that
 * is used again (some models count their calls anew) belongs to the latest call before the answer.
 */
export function groupMessages(messages: readonly MessageView[]): readonly MessageGroup[] {
  const reach = reachOf(messages);
  const groups: MessageGroup[] = [];
  for (let start = 0; start < messages.length;) {
    let last = start;
    for (let at = start; at <= last; at++) last = Math.max(last, reach[at] ?? at);
    groups.push({ start, end: last + 1 });
    start = last + 1;
  }
  return groups;
}

/** By message: the last one that must not be parted from it. */
function reachOf(messages: readonly MessageView[]): readonly number[] {
  const reach = messages.map((_, at) => at);
  const join = (from: number, to: number) => {
    if (from >= 0 && to < messages.length) reach[from] = Math.max(reach[from] ?? from, to);
  };
  const asked = new Map<string, number>();
  for (const [at, { role, calls, answers }] of messages.entries()) {
    for (const id of answers) join(asked.get(id) ?? at, at);
    for (const id of calls) asked.set(id, at);
    if (role !== undefined) continue;
    join(at - 1, at);
    join(at, at + 1);
  }
  return reach;
}
