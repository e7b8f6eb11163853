import { sayDate, tokenWeight } from "../../../text/index.ts";

/** What rendering needs to know of a memory. */
export interface RenderRecord {
  readonly id: string;
  readonly text: string;
  readonly caption?: string | undefined;
  readonly speaker?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly order?: number | undefined;
  /** ms since the epoch. */
  readonly at?: number | undefined;
  readonly type: string;
  readonly title?: string | undefined;
}

export interface RenderOptions {
  /** Most tokens that the text may have. */
  readonly budgetTokens: number;
  /** Tokens of a piece of text; pass the model's tokenizer for exact budgets. @default an estimate, see `estimateTokens` */
  readonly countTokens?: ((text: string) => number) | undefined;
}

export interface RenderedHits {
  /** Ready for a prompt; "" when nothing fits. */
  readonly text: string;
  /** Tokens of `text` by `countTokens`, rounded up. */
  readonly tokens: number;
  /** Ids of what is in the text, in the order of the records given. */
  readonly ids: readonly string[];
}

/**
 * Writes memories, given best first, as text for a prompt: grouped by session (or document), each group under one line
 * with its date and title, groups and rows in the order of time. That order does not depend on the ranking, so that the
 * same memories give the same bytes and a prompt cache keeps its prefix. Takes what fits by rank; what does not fit is
 * passed over for the next. Pure.
 */
export function renderHits(records: readonly RenderRecord[], options: RenderOptions): RenderedHits {
  const count = options.countTokens ?? guardedWeight;
  const heads = new Set<string>();
  const taken: RenderRecord[] = [];
  let tokens = 0;
  for (const record of records) {
    const head = headOf(record);
    const headTokens = head === "" || heads.has(groupOf(record)) ? 0 : count(`${head}\n`);
    const lineTokens = count(`${lineOf(record)}\n`);
    if (tokens + headTokens + lineTokens > options.budgetTokens) continue;
    tokens += headTokens + lineTokens;
    heads.add(groupOf(record));
    taken.push(record);
  }
  return { text: write(taken), tokens: Math.ceil(tokens), ids: taken.map(({ id }) => id) };
}

/** The estimate with a guard against texts whose tokens are shorter than most: of 1,000 texts none was over the budget. */
const guardedWeight = (text: string): number => tokenWeight(text) * GUARD;
const GUARD = 1.02;

function write(records: readonly RenderRecord[]): string {
  const groups = Map.groupBy(records.toSorted(byTime), groupOf);
  const parts = [...groups.values()].map((group) => {
    const [first] = group;
    const head = first === undefined ? "" : headOf(first);
    return [...(head === "" ? [] : [head]), ...group.map(lineOf)].join("\n");
  });
  return parts.join("\n");
}

/** Rows of a session on one day stand together; without a session, rows of one day and title. */
function groupOf(record: RenderRecord): string {
  return JSON.stringify([record.sessionId ?? null, headOf(record)]);
}

function headOf({ at, title }: RenderRecord): string {
  const parts = [
    ...(at === undefined ? [] : [sayDate(at)]),
    ...(title === undefined || title === "" ? [] : [title]),
  ];
  return parts.length === 0 ? "" : `${parts.join(", ")}:`;
}

function lineOf({ speaker, text, caption }: RenderRecord): string {
  const said = text.replaceAll(/\s*\n\s*/g, "\n").trim();
  const shown = caption === undefined || caption === "" ? said : `${said} [${caption}]`.trim();
  return speaker === undefined || speaker === "" ? `- ${shown}` : `${speaker}: ${shown}`;
}

/** Timeless rows first (they change least), then by day, session, order, time; the id decides what is left. */
function byTime(one: RenderRecord, other: RenderRecord): number {
  return (
    (one.at ?? -Infinity) - (other.at ?? -Infinity) ||
    compare(one.sessionId ?? "", other.sessionId ?? "") ||
    compare(one.title ?? "", other.title ?? "") ||
    (one.order ?? 0) - (other.order ?? 0) ||
    compare(one.id, other.id)
  );
}

const compare = (one: string, other: string): number => (one === other ? 0 : one < other ? -1 : 1);
