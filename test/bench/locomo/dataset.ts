import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** One turn of a conversation. */
export interface Turn {
  readonly id: string;
  readonly speaker: string;
  readonly text: string;
  readonly caption: string | undefined;
  readonly session: number;
  /** Place within the session, from 0. */
  readonly order: number;
  /** When the session took place, ms since the epoch. */
  readonly at: number;
}

/** A question with the turns that its annotators cite. */
export interface Question {
  readonly id: string;
  readonly text: string;
  readonly category: Category;
  readonly evidence: readonly string[];
}

export interface Conversation {
  readonly id: string;
  readonly turns: readonly Turn[];
  readonly questions: readonly Question[];
}

/** LoCoMo's numbers: multi-hop, temporal, open-domain, single-hop, adversarial (no answer in the conversation). */
export type Category = 1 | 2 | 3 | 4 | 5;
export const CATEGORY_NAMES = {
  1: "multi-hop",
  2: "temporal",
  3: "open-domain",
  4: "single-hop",
  5: "adversarial",
} as const;

/**
 * Where LoCoMo conversations 1-5 lie: in the folder MEMCUBE_DATA, or in `shared/data` beside the checkout. `undefined`
 * when they are not there: the set is CC BY-NC 4.0 and never part of the project.
 */
export function findLocomo(): string | undefined {
  const roots = [process.env["MEMCUBE_DATA"], join(import.meta.dirname, "../../../../shared/data")];
  return roots
    .flatMap((root) => (root === undefined ? [] : [join(root, "locomo/locomo-1-5.json")]))
    .find((path) => existsSync(path));
}

/** Reads the conversations (Maharana et al., arXiv 2402.17753). Evidence ids that name no turn are left out. */
export function loadLocomo(path: string): Conversation[] {
  const samples: readonly Sample[] = JSON.parse(readFileSync(path, "utf8"));
  return samples.map((sample) => {
    const turns = turnsOf(sample.conversation);
    const known = new Set(turns.map(({ id }) => id));
    const questions = sample.qa.map((qa, index) => ({
      id: `${sample.sample_id}#${index}`,
      text: qa.question,
      category: qa.category,
      evidence: evidenceOf(qa.evidence ?? []).filter((id) => known.has(id)),
    }));
    return { id: sample.sample_id, turns, questions };
  });
}

interface Sample {
  readonly sample_id: string;
  readonly conversation: Record<string, unknown>;
  readonly qa: readonly { question: string; category: Category; evidence?: string[] }[];
}

interface RawTurn {
  readonly dia_id: string;
  readonly speaker: string;
  readonly text: string;
  readonly blip_caption?: string;
}

function turnsOf(conversation: Record<string, unknown>): Turn[] {
  const sessions = Object.keys(conversation).flatMap(
    (key) => /^session_(\d+)$/.exec(key)?.[1] ?? [],
  );
  return sessions
    .map(Number)
    .toSorted((a, b) => a - b)
    .flatMap((session) => {
      const time = conversation[`session_${session}_date_time`];
      const at = parseTime(typeof time === "string" ? time : "");
      const raw = conversation[`session_${session}`] as readonly RawTurn[];
      return raw.map((turn, order) => ({
        id: turn.dia_id,
        speaker: turn.speaker,
        text: turn.text,
        caption: turn.blip_caption,
        session,
        order,
        at,
      }));
    });
}

const MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");

/** "1:56 pm on 8 May, 2023" */
function parseTime(text: string): number {
  const [, hour, minute, half, day, month = "", year] =
    /(\d+):(\d+)\s*(am|pm)\s+on\s+(\d+)\s+(\w+),?\s+(\d{4})/i.exec(text) ?? [];
  const hours = (Number(hour) % 12) + (half?.toLowerCase() === "pm" ? 12 : 0);
  return Date.UTC(
    Number(year),
    MONTHS.indexOf(month.slice(0, 3).toLowerCase()),
    Number(day),
    hours,
    Number(minute),
  );
}

/** "D8:6; D9:17", "D:11:26", "D30:05" -> clean ids. */
function evidenceOf(list: readonly string[]): string[] {
  const ids = list
    .flatMap((entry) => entry.split(/[;,\s]+/))
    .map((part) => {
      const [, session, turn] = /^D:?(\d+):0*(\d+)$/.exec(part) ?? [];
      return session === undefined ? part : `D${session}:${turn}`;
    });
  return [...new Set(ids)];
}
