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
 *
 * @param options.keepTools whether calls and results of other tools stay
 */
export function withoutInjected(
  result: ReadResult,
  { keepTools }: { readonly keepTools: boolean },
): ReadResult {
  const skipped: Skip[] = [...result.skipped];
  const candidates: Candidate[] = [];
  const own = ownCalls(result);
  const dropped: Dropped = {
    tool: (name) => !keepTools || OWN_TOOLS.has(name),
    call: (id) => own.has(id),
  };
  for (const candidate of result.candidates) {
    const said = saidIn(candidate, dropped);
    if (said === undefined) skipped.push({ position: candidate.position, reason: "hidden" });
    else candidates.push(said);
  }
  return { ...result, candidates, skipped };
}

const OWN_TOOLS: ReadonlySet<string> = new Set(MEMORY_TOOL_NAMES);

/** Which tools and which calls are not remembered. */
interface Dropped {
  readonly tool: (name: string) => boolean;
  readonly call: (id: string) => boolean;
}

/** Ids of the calls of memory's own tools: some results name the call only. */
function ownCalls({ candidates }: ReadResult): ReadonlySet<string> {
  return new Set(
    candidates.flatMap(({ payload }) =>
      payload.type === "turn"
        ? (payload.toolCalls ?? []).flatMap(({ id, name }) => (OWN_TOOLS.has(name) ? [id] : []))
        : [],
    ),
  );
}

/** The candidate as it was said; `undefined` when nobody said anything. */
function saidIn(candidate: Candidate, dropped: Dropped): Candidate | undefined {
  const { payload } = candidate;
  if (payload.type === "text") {
    const text = withoutBlocks(payload.text);
    if (text === payload.text) return candidate;
    return text === "" ? undefined : { ...candidate, payload: { ...payload, text } };
  }
  if (payload.type !== "turn") return candidate;
  const turn = turnAsSaid(payload, dropped);
  return turn && (turn === payload ? candidate : { ...candidate, payload: turn });
}

function turnAsSaid(turn: TurnPayload, dropped: Dropped): TurnPayload | undefined {
  if (turn.role === "system") return undefined;
  const { toolResult, toolCalls: allCalls = [], ...rest } = turn;
  if (toolResult !== undefined) {
    const { id, name = "" } = toolResult;
    return dropped.tool(name) || dropped.call(id) ? undefined : turn;
  }
  const toolCalls = allCalls.filter(({ name }) => !dropped.tool(name));
  const gone = allCalls.filter(({ name }) => dropped.tool(name));
  const text = withoutBlocks(withoutLines(turn.text, gone.map(callText)));
  if (text === turn.text && gone.length === 0) return turn;
  if (text === "" && turn.caption === undefined && toolCalls.length === 0) return undefined;
  return { ...rest, ...(toolCalls.length > 0 && { toolCalls }), text };
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
