import type { Hit } from "@memcube/core";

import { wrapTo } from "../columns.ts";
import { payloadText, provenanceOf } from "../describe-memory.ts";
import { describeReasons } from "../describe-reasons.ts";
import { formatDuration } from "../format-values.ts";
import type { Output } from "../output.ts";
import { oneLine } from "../plain-text.ts";
import type { Answered, Score } from "./ask.ts";

/** Cells of a line of a memory, and how many lines of it are shown. */
const WIDTH = 92;
const LINES = 3;

/** Tells the demo: headings, and questions with what was found. */
export class Story {
  readonly #out: Output;
  readonly #silent: boolean;
  #chapter = 0;

  /** @param silent says nothing: for --json, where only the summary is wanted */
  constructor(out: Output, silent: boolean) {
    this.#out = out;
    this.#silent = silent;
  }

  /** A line at the margin. */
  line(text = ""): void {
    if (!this.#silent) this.#out.line(text);
  }

  chapter(title: string): void {
    this.#chapter++;
    this.line();
    this.line(this.#out.style("bold", `${this.#chapter}. ${title}`));
  }

  say(text = ""): void {
    this.line(text === "" ? "" : `   ${text}`);
  }

  /** The first hit, and the message of the evidence when another one came first. */
  answered({ question, hits, confidence, ms, ranks }: Answered): void {
    const [best] = ranks;
    this.say();
    this.say(this.#out.style("cyan", oneLine(question.question)));
    const shown = [1, ...(best !== undefined && best > 1 ? [best] : [])];
    for (const rank of shown) {
      const hit = hits[rank - 1];
      if (hit !== undefined) this.#hit(rank, hit, ranks.includes(rank));
    }
    this.say(
      `  ${this.#verdict(question.evidence.length, ranks, confidence)} (${formatDuration(ms)})`,
    );
  }

  #hit(rank: number, { memory, why }: Hit, isEvidence: boolean): void {
    const whole = wrapTo(oneLine(payloadText(memory.payload)), WIDTH);
    const [first = "", ...more] = whole.length <= LINES ? whole : cutLines(whole);
    const mark = isEvidence ? this.#out.style("green", `${rank}.`) : `${rank}.`;
    this.say(`  ${mark} ${first}`);
    for (const line of more) this.say(`     ${line}`);
    const about = `     ${provenanceOf(memory)} (${describeReasons(why)})`;
    this.say(this.#out.style("dim", about));
  }

  #verdict(evidence: number, ranks: readonly number[], confidence: number): string {
    const sure = `confidence ${confidence.toFixed(2)}`;
    if (evidence === 0) return `${sure}; no message is known to answer it`;
    const [best] = ranks;
    if (best === undefined) {
      return this.#out.style("yellow", "evidence not among the first ten") + `, ${sure}`;
    }
    const all = evidence === 1 ? "" : `, ${ranks.length} of ${evidence} messages`;
    return this.#out.style("green", `evidence at rank ${best}${all}`) + `, ${sure}`;
  }
}

/** A score in one sentence. */
export function describeScore({ asked, first, five, complete }: Score): string {
  return (
    `the evidence came first for ${first} of ${asked} questions, ` +
    `among the first five for ${five}; all of it among the first ten for ${complete}`
  );
}

function cutLines(lines: readonly string[]): string[] {
  const kept = lines.slice(0, LINES);
  return kept.map((line, index) => (index === LINES - 1 ? `${line} …` : line));
}
