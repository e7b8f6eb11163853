import type { MessageView } from "../../../flow/index.ts";
import { estimateTokens, indexTerms } from "../../../text/index.ts";

/** What was chosen of a conversation. */
export interface Summary {
  /** One line for each message that something was taken from, in order; "" when nothing fits. */
  readonly text: string;
  readonly tokens: number;
  /** Places of the messages that were taken as a whole. */
  readonly whole: readonly number[];
}

export interface SummaryOptions {
  readonly budgetTokens: number;
  /** @default an estimate */
  readonly countTokens?: ((text: string) => number) | undefined;
  /** Cuts a text into sentences. */
  readonly sentencesOf: (text: string) => readonly string[];
}

interface Sentence {
  readonly message: number;
  /** Among all sentences. */
  readonly place: number;
  readonly text: string;
  readonly terms: ReadonlySet<string>;
  readonly tokens: number;
  /** What its words count for: who said it, and how. */
  readonly factor: number;
}

/** Messages looked at, the newest: what is older is left to recall. */
const MESSAGES = 1_000;
/** Tokens of the speaker and line break, for each sentence. */
const LINE_TOKENS = 3;
/**
 * What a word still counts for when it is in the summary already, and how much a sentence pays for its
 * length (0: nothing, 1: by the token). Chosen on LoCoMo, where these keep most of the answers' words.
 */
const SAID_AGAIN = 0.2;
const THRIFT = 0.7;

/**
 * Summarises what users and assistants said by choosing sentences, without a model: those that cover
 * most words, within a budget (budgeted coverage, greedy; after Lin and Bilmes,
 * "Multi-document summarization via budgeted maximization of submodular functions", 2010). Equal
 * messages give an equal summary. Pure.
 *
 * @param messages the messages to summarise; results of tools and system messages are passed over
 */
export function summarise(messages: readonly MessageView[], options: SummaryOptions): Summary {
  const count = options.countTokens ?? estimateTokens;
  const sentences = sentencesIn(messages, options.sentencesOf, count);
  const chosen = choose(sentences, options.budgetTokens);
  for (;;) {
    const text = write(messages, chosen);
    const tokens = count(text);
    if (tokens <= options.budgetTokens || chosen.length === 0) {
      return {
        text,
        tokens: text === "" ? 0 : tokens,
        whole: wholeOf(messages, sentences, chosen),
      };
    }
    chosen.pop();
  }
}

function sentencesIn(
  messages: readonly MessageView[],
  sentencesOf: (text: string) => readonly string[],
  count: (text: string) => number,
): readonly Sentence[] {
  const first = Math.max(0, messages.length - MESSAGES);
  const sentences: Sentence[] = [];
  for (const [at, { role, text }] of messages.slice(first).entries()) {
    if (role !== "user" && role !== "assistant") continue;
    for (const sentence of sentencesOf(withoutCode(text))) {
      const line = sentence.replaceAll(/\s+/g, " ").trim();
      const terms = new Set(indexTerms(line));
      if (terms.size === 0) continue;
      sentences.push({
        message: first + at,
        place: sentences.length,
        text: line,
        terms,
        tokens: count(line) + LINE_TOKENS,
        factor: factorOf(line) * (role === "user" ? 1 : 0.5),
      });
    }
  }
  return sentences;
}

function withoutCode(text: string): string {
  return text.includes("```") ? text.replaceAll(/```[^]*?(?:```|$)/g, " ") : text;
}

/** Signs that a sentence says something to keep; the words are English, the rest is any language's. */
const CUES: readonly (readonly [RegExp, number])[] = [
  [/[?？]["'”’)]*$/, 0.4],
  [/\p{N}/u, 1.25],
  [/\S\s+\p{Lu}\p{Ll}/u, 1.25],
  [/\b(?:i|my|me|we|our|i'm|i've|i'd)\b/i, 1.2],
  [
    /\b(?:always|never|must|prefer|decided?|agreed?|remember|deadline|because|instead|don't|plan)\b/i,
    1.2,
  ],
];

function factorOf(line: string): number {
  return CUES.reduce((factor, [cue, weight]) => (cue.test(line) ? factor * weight : factor), 1);
}

/**
 * Takes the sentence with the largest gain again and again while it fits. Gains only shrink as words get
 * covered, so the first whose gain is still what it was is the best (lazy greedy, Minoux 1978).
 */
function choose(sentences: readonly Sentence[], budgetTokens: number): Sentence[] {
  const covered = new Set<string>();
  const gainOf = ({ terms, factor, tokens }: Sentence) => {
    let gain = 0;
    for (const term of terms) gain += covered.has(term) ? SAID_AGAIN : 1;
    return (gain * factor) / tokens ** THRIFT;
  };
  const waiting = sentences
    .map((sentence, place) => ({ sentence, place, gain: gainOf(sentence) }))
    .sort((a, b) => a.gain - b.gain || b.place - a.place);
  const chosen: Sentence[] = [];
  let left = budgetTokens;
  for (let best = waiting.pop(); best !== undefined; best = waiting.pop()) {
    const { sentence } = best;
    if (sentence.tokens > left) continue;
    const gain = gainOf(sentence);
    if (gain < (waiting.at(-1)?.gain ?? 0)) {
      waiting.splice(placeFor(waiting, gain), 0, { ...best, gain });
      continue;
    }
    chosen.push(sentence);
    left -= sentence.tokens;
    for (const term of sentence.terms) covered.add(term);
  }
  return chosen;
}

/** Where a gain belongs among rising gains. */
function placeFor(waiting: readonly { readonly gain: number }[], gain: number): number {
  let low = 0;
  let high = waiting.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((waiting[middle]?.gain ?? 0) < gain) low = middle + 1;
    else high = middle;
  }
  return low;
}

function write(messages: readonly MessageView[], chosen: readonly Sentence[]): string {
  const inOrder = chosen.toSorted((a, b) => a.place - b.place);
  const byMessage = Map.groupBy(inOrder, ({ message }) => message);
  return [...byMessage]
    .map(([at, sentences]) => {
      const { speaker, role = "" } = messages[at] ?? {};
      return `${speaker ?? role}: ${sentences.map(({ text }) => text).join(" ")}`;
    })
    .join("\n");
}

/** Messages of which nothing is missing. */
function wholeOf(
  messages: readonly MessageView[],
  sentences: readonly Sentence[],
  chosen: readonly Sentence[],
): readonly number[] {
  const taken = new Set(chosen);
  const parted = new Set(
    sentences.flatMap((sentence) => (taken.has(sentence) ? [] : sentence.message)),
  );
  const touched = new Set(chosen.map(({ message }) => message));
  return [...touched]
    .sort((a, b) => a - b)
    .filter(
      (at) => !parted.has(at) && withoutCode(messages[at]?.text ?? "") === messages[at]?.text,
    );
}
