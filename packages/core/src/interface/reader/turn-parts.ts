import { LIMITS } from "../../limits.ts";
import type { Memory } from "../../memory/index.ts";
import { firstChars } from "./clean-text.ts";
import type { TurnParts } from "./compose-turn.ts";

/** Characters of a part. One has six bytes of JSON at most (`\u0001`), so that each fits a payload. */
const PART_CHARS = 131_072;

/** A part has so many of them at least, unless it is the last. */
const SHORTEST = 3 / 4;

/**
 * A turn that no memory can hold whole, in parts that follow each other; any other turn as it is.
 * Nothing that was said is left out. What was called or shown in it comes after its words.
 */
export function turnParts(turn: TurnParts): readonly TurnParts[] {
  const { text, toolResult, ...beside } = turn;
  if (fits(turn) || text.length > LIMITS.turnChars) return [turn];
  if (toolResult !== undefined) {
    // It is there twice: as what came back, and as words to search for.
    return piecesOf(text, PART_CHARS / 2).map((piece) => ({
      text: piece,
      toolResult: { ...toolResult, output: piece },
    }));
  }
  const words = piecesOf(text, PART_CHARS).map((piece) => ({ text: piece }));
  const besideText = beside.caption ?? beside.toolCalls?.map(({ name }) => name).join("\n");
  return besideText === undefined ? words : [...words, { ...beside, text: besideText }];
}

function fits(turn: TurnParts): boolean {
  const json = JSON.stringify(turn);
  // Role, speaker, session and order are still to come.
  const room = LIMITS.payloadBytes - 4_096;
  return json.length * 3 <= room || new TextEncoder().encode(json).length <= room;
}

/** Pieces that give the text when they are joined; cut between words where there are any. */
function piecesOf(text: string, most: number): readonly string[] {
  const pieces: string[] = [];
  for (let start = 0; start < text.length;) {
    const window = firstChars(text.slice(start, start + most + 1), most);
    const space = window.search(/\s\S*$/u) + 1;
    const isLast = start + window.length >= text.length;
    const length = isLast || space < most * SHORTEST ? window.length : space;
    pieces.push(window.slice(0, length));
    start += length;
  }
  return pieces;
}

/** Turns of a session, in their order, with those that were kept in parts put together again. */
export function wholeTurns(turns: readonly Memory[]): readonly Memory[] {
  const whole: Memory[] = [];
  let parts = 0;
  for (const [place, turn] of turns.entries()) {
    const before = turns[place - 1];
    const last = whole.at(-1);
    const isPart = before !== undefined && continues(before, turn, parts > 0);
    const joined = isPart ? withText(last, turn) : undefined;
    parts = joined === undefined ? 0 : parts + 1;
    if (joined === undefined) whole.push(turn);
    else whole[whole.length - 1] = joined;
  }
  return whole;
}

/** Of one message, and the part before is as long as only parts are, or all of its words were there. */
function continues(before: Memory, turn: Memory, isInParts: boolean): boolean {
  const [earlier, later] = [before.payload, turn.payload];
  if (earlier.type !== "turn" || later.type !== "turn") return false;
  const [source] = turn.header.sources;
  if (source === undefined || source.id !== before.header.sources[0]?.id) return false;
  if (earlier.role !== later.role || earlier.toolResult?.id !== later.toolResult?.id) return false;
  const most = earlier.toolResult === undefined ? PART_CHARS : PART_CHARS / 2;
  const { length } = earlier.text;
  const isLong = length >= most * SHORTEST && length <= most;
  return isLong || (isInParts && isBeside(later));
}

function isBeside({ caption, toolCalls }: TurnParts): boolean {
  return caption !== undefined || toolCalls !== undefined;
}

function withText(whole: Memory | undefined, part: Memory): Memory | undefined {
  if (whole?.payload.type !== "turn" || part.payload.type !== "turn") return undefined;
  const { caption, toolCalls, toolResult, text: added } = part.payload;
  const text = isBeside(part.payload) ? whole.payload.text : whole.payload.text + added;
  return {
    ...whole,
    payload: {
      ...whole.payload,
      text,
      ...(caption === undefined ? {} : { caption }),
      ...(toolCalls === undefined ? {} : { toolCalls }),
      ...(toolResult === undefined ? {} : { toolResult: { ...toolResult, output: text } }),
    },
  };
}
