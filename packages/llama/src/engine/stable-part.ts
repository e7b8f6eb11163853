import type { ParsedRequest } from "./request.ts";
import { type Prompt, renderPrompt } from "./prompt.ts";
import { commonPrefix } from "./sequence.ts";

/**
 * How many of the prompt's first tokens tell of nothing but the system message up to the end of
 * `stableThrough`, and tools. The prompt is written once more without what follows: what both begin with
 * can't come from there.
 */
export function stableTokens(
  request: ParsedRequest,
  { tokens }: Prompt,
  parts: Parameters<typeof renderPrompt>[1],
): number {
  const { stableThrough, messages } = request;
  const [first] = messages;
  if (stableThrough === undefined || stableThrough === "" || first?.role !== "system") return 0;
  const at = first.text.indexOf(stableThrough);
  if (at === -1) return 0;
  const text = first.text.slice(0, at + stableThrough.length);
  // Some templates write the system message into the first message of the user: an empty one says nothing.
  const silent = { role: "user", text: "" } as const;
  const alone = renderPrompt({ ...request, messages: [{ role: "system", text }, silent] }, parts);
  return commonPrefix(alone.tokens, tokens);
}
