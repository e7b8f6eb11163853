import { STABLE_HEADING, VOLATILE_HEADING } from "../../operation/scheduler/index.ts";
import type { Candidate, ReadResult, Skip } from "../reader/index.ts";

const HEADINGS: ReadonlySet<string> = new Set([STABLE_HEADING, VOLATILE_HEADING]);

/**
 * What was really said: without system messages (instructions, not memories) and without the blocks
 * that a plan put into the prompt, which would else be remembered again with every turn.
 */
export function withoutInjected(result: ReadResult): ReadResult {
  const skipped: Skip[] = [...result.skipped];
  const candidates: Candidate[] = [];
  for (const candidate of result.candidates) {
    const said = saidIn(candidate);
    if (said === undefined) skipped.push({ position: candidate.position, reason: "hidden" });
    else candidates.push(said);
  }
  return { ...result, candidates, skipped };
}

/** The candidate as it was said; `undefined` when nobody said anything. */
function saidIn(candidate: Candidate): Candidate | undefined {
  const { payload } = candidate;
  if (payload.type !== "turn" && payload.type !== "text") return candidate;
  if (payload.type === "turn" && payload.role === "system") return undefined;
  const text = withoutBlocks(payload.text);
  if (text === payload.text) return candidate;
  if (text !== "") return { ...candidate, payload: { ...payload, text } };
  const speaks = payload.type === "turn" && (payload.toolCalls ?? payload.caption) !== undefined;
  return speaks ? { ...candidate, payload: { ...payload, text } } : undefined;
}

/** A block begins with one of the plan's headings and ends at the next empty line. */
function withoutBlocks(text: string): string {
  if (!text.includes(STABLE_HEADING) && !text.includes(VOLATILE_HEADING)) return text;
  const kept: string[] = [];
  let inside = false;
  for (const line of text.split("\n")) {
    if (HEADINGS.has(line.trimEnd())) inside = true;
    else if (line.trim() === "") inside = false;
    if (!inside) kept.push(line);
  }
  return kept.join("\n").trim();
}
