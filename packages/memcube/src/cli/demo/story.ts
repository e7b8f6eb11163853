import type { Hit } from "@memcube/core";

import { cutTo } from "../columns.ts";
import { payloadText, provenanceOf } from "../describe-memory.ts";
import { describeReasons } from "../describe-reasons.ts";
import { formatDuration } from "../format-values.ts";
import type { Output } from "../output.ts";
import { oneLine } from "../plain-text.ts";
import type { Answered, Score } from "./ask.ts";

const WIDTH = 100;

/** Tells the demo: headings, and questions with what was found. */
export class Story {
  readonly #out: Output;
  #chapter = 0;

  constructor(out: Output) {
    this.#out = out;
  }

  chapter(title: string): void {
    this.#chapter++;
    this.#out.line();
    this.#out.line(this.#out.style("bold", `${this.#chapter}. ${title}`));
  }

  say(text = ""): void {
    this.#out.line(text === "" ? "" : `   ${text}`);
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
    const text = cutTo(oneLine(payloadText(memory.payload)), WIDTH - 6);
    const mark = isEvidence ? this.#out.style("green", `${rank}.`) : `${rank}.`;
    this.say(`  ${mark} ${text}`);
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
