import {
  STABLE_HEADING,
  SUMMARY_HEADING,
  VOLATILE_HEADING,
} from "../../operation/scheduler/index.ts";
import type { TurnPayload } from "../../memory/index.ts";
import { callText, type Candidate, type ReadResult, type Skip } from "../reader/index.ts";
import { MEMORY_TOOL_NAMES } from "./tools/tool-names.ts";

const HEADINGS: ReadonlySet<string> = new Set([STABLE_HEADING, SUMMARY_HEADING, VOLATILE_HEADING]);

/**
 * What was really said: without system messages (instructions, not memories), without the blocks that
 * a plan put into the prompt and without what memory's own tools were asked and answered. All that
 * would else be remembered again with every turn.
 */
export function withoutInjected(result: ReadResult): ReadResult {
  const skipped: Skip[] = [...result.skipped];
  const candidates: Candidate[] = [];
  const calls = memoryCalls(result);
  for (const candidate of result.candidates) {
    const said = saidIn(candidate, calls);
    if (said === undefined) skipped.push({ position: candidate.position, reason: "hidden" });
    else candidates.push(said);
  }
  return { ...result, candidates, skipped };
}

const OWN_TOOLS: ReadonlySet<string> = new Set(MEMORY_TOOL_NAMES);

/** Ids of the calls of memory's own tools: some results name the call only. */
function memoryCalls({ candidates }: ReadResult): ReadonlySet<string> {
  return new Set(
    candidates.flatMap(({ payload }) =>
      payload.type === "turn"
        ? (payload.toolCalls ?? []).flatMap(({ id, name }) => (OWN_TOOLS.has(name) ? [id] : []))
        : [],
    ),
  );
}

/** The candidate as it was said; `undefined` when nobody said anything. */
function saidIn(candidate: Candidate, memoryCalls: ReadonlySet<string>): Candidate | undefined {
  const { payload } = candidate;
  if (payload.type === "text") {
    const text = withoutBlocks(payload.text);
    if (text === payload.text) return candidate;
    return text === "" ? undefined : { ...candidate, payload: { ...payload, text } };
  }
  if (payload.type !== "turn") return candidate;
  const turn = turnAsSaid(payload, memoryCalls);
  return turn && (turn === payload ? candidate : { ...candidate, payload: turn });
}

function turnAsSaid(turn: TurnPayload, memoryCalls: ReadonlySet<string>): TurnPayload | undefined {
  if (turn.role === "system") return undefined;
  const { toolResult, toolCalls: allCalls, ...rest } = turn;
  if (toolResult !== undefined) {
    const { id, name = "" } = toolResult;
    return OWN_TOOLS.has(name) || memoryCalls.has(id) ? undefined : turn;
  }
  const toolCalls = allCalls?.filter(({ name }) => !OWN_TOOLS.has(name));
  const dropped = allCalls?.filter(({ name }) => OWN_TOOLS.has(name)) ?? [];
  const text = withoutBlocks(withoutLines(turn.text, dropped.map(callText)));
  if (text === turn.text && dropped.length === 0) return turn;
  const calls = toolCalls === undefined || toolCalls.length === 0 ? {} : { toolCalls };
  if (text === "" && turn.caption === undefined && !("toolCalls" in calls)) return undefined;
  return { ...rest, ...calls, text };
}

function withoutLines(text: string, lines: readonly string[]): string {
  if (lines.length === 0) return text;
  return text
    .split("\n")
    .filter((line) => !lines.includes(line))
    .join("\n");
}

/** A block begins with one of the plan's headings and ends at the next empty line. */
function withoutBlocks(text: string): string {
  if (![...HEADINGS].some((heading) => text.includes(heading))) return text;
  const kept: string[] = [];
  let inside = false;
  for (const line of text.split("\n")) {
    if (HEADINGS.has(line.trimEnd())) inside = true;
    else if (line.trim() === "") inside = false;
    if (!inside) kept.push(line);
  }
  return kept.join("\n").trim();
}
