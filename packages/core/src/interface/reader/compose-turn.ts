import type { TurnPayload } from "../../memory/index.ts";
import { checkedJson } from "./checked-json.ts";
import { cleanText, hasContent } from "./clean-text.ts";
import { defined } from "./defined.ts";
import { type Outcome, reject } from "./outcome.ts";
import type { Piece } from "./pieces.ts";
import { fieldOf, shareOf } from "./position.ts";

/** What a turn says, without who, when and where. */
export type TurnParts = Pick<TurnPayload, "text" | "caption" | "toolCalls" | "toolResult">;

/** A message put together again: its own turn, and one for each result that came back in it. */
export interface ComposedTurn {
  readonly main?: TurnParts;
  readonly results: readonly {
    readonly text: string;
    readonly toolResult: NonNullable<TurnPayload["toolResult"]>;
    readonly name?: string;
  }[];
}

/** Joins the pieces: what was said, what was shown, what was called, what came back. */
export function* composeTurn(
  pieces: readonly Piece[],
  resultOf: { readonly id?: string; readonly name?: string } | undefined,
  position: string,
): Generator<Outcome, ComposedTurn> {
  const said = cleanText(
    joined(pieces.flatMap((piece) => (piece.kind === "text" ? piece.text : []))),
  );
  const captions = pieces.flatMap((piece) => (piece.kind === "caption" ? piece.caption : []));
  const caption = captions.length === 0 ? undefined : cleanText(captions.join("; "));
  const calls = yield* callsOf(pieces, position);
  const results = [];
  const returned = pieces.filter((piece) => piece.kind === "result");
  const ownResult = resultOf !== undefined && returned.length === 0 && hasContent(said);
  if (ownResult) returned.push({ kind: "result", ...resultOf, output: replyOf(said) });

  for (const [index, result] of returned.entries()) {
    const checked = outputOf(result.output ?? null);
    if (!checked.ok) {
      yield reject(shareOf(position, index), checked.code, "the tool's result can't be kept");
      continue;
    }
    if (checked.value === null || checked.value === "") continue;
    const text = typeof checked.value === "string" ? checked.value : JSON.stringify(checked.value);
    const toolResult = defined({
      id: cleanText(result.id ?? ""),
      name: result.name && cleanText(result.name),
      output: checked.value,
    });
    results.push({ text: ownResult ? said : text, toolResult, name: result.name });
  }
  if (ownResult || (!hasContent(said) && caption === undefined && calls.length === 0)) {
    return { results };
  }
  const text = hasContent(said) ? said : (caption ?? calls.map(callText).join("\n"));
  return { main: { text, caption, toolCalls: calls.length === 0 ? undefined : calls }, results };
}

type ToolCalls = NonNullable<TurnPayload["toolCalls"]>;

function* callsOf(pieces: readonly Piece[], position: string): Generator<Outcome, ToolCalls> {
  const calls = new Map<string, ToolCalls[number]>();
  for (const piece of pieces) {
    if (piece.kind !== "call") continue;
    const id = cleanText(piece.id ?? `call-${calls.size}`);
    const input = checkedJson(piece.input);
    if (input.ok) calls.set(id, { id, name: cleanText(piece.name), input: input.value });
    else yield reject(fieldOf(position, "toolCalls"), input.code, "the tool's input can't be kept");
  }
  return [...calls.values()];
}

/** A call without words is found by its name and arguments. */
export function callText(call: ToolCalls[number]): string {
  return `${call.name} ${JSON.stringify(call.input)}`;
}

function joined(texts: readonly string[]): string {
  return texts.length === 1 ? (texts[0] ?? "") : texts.filter((text) => text !== "").join("\n");
}

/** What a tool said is taken in words however long it is; it is kept in parts. */
function outputOf(output: unknown): ReturnType<typeof checkedJson> {
  return typeof output === "string" ? { ok: true, value: cleanText(output) } : checkedJson(output);
}

/**
 * A tool's reply is often JSON text. Only objects and lists are unpacked, `007` stays as it is, and
 * what can't be kept as a value is kept as text.
 */
function replyOf(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    const checked = checkedJson(JSON.parse(text));
    return checked.ok ? checked.value : text;
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}
