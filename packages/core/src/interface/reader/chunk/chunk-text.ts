import { type Block, blocksOf } from "./blocks.ts";
import { chunkSize } from "./chunk-size.ts";
import { type Range, sentencesOf } from "./sentences.ts";

/** A piece of a document: a half-open range of its characters. */
export interface Chunk extends Range {
  /** Headings that hold for the whole chunk, outermost first. */
  readonly heading: readonly string[];
}

export interface ChunkOptions {
  /** What a chunk aims at; it is closed between two and four thirds of it. */
  readonly chunkTokens: number;
  /** Whether headings and code fences are looked for. */
  readonly markdown: boolean;
}

/** What is packed: a block, or a sentence of a block that is too long for one chunk. */
interface Unit extends Range {
  readonly heading: boolean;
  readonly tokens: number;
  readonly path: readonly string[];
}

/** Blank characters between two blocks that count as a token, as in {@link chunkSize}. */
const GAP_CHARS = 8;

/**
 * Cuts a document into chunks along its headings, paragraphs and sentences. Small neighbouring
 * sections under the same heading share a chunk; a code fence stays whole up to four chunks'
 * length. Every character that is not white space is in exactly one chunk.
 */
export function chunkText(text: string, options: ChunkOptions): readonly Chunk[] {
  const minTokens = Math.floor((options.chunkTokens * 2) / 3);
  const maxTokens = Math.ceil((options.chunkTokens * 4) / 3);
  const chunks: Chunk[] = [];
  let open: Unit[] = [];
  let tokens = 0;
  let hasBody = false;
  const close = (next: Unit[]): void => {
    const chunk = chunkOf(text, open);
    if (chunk !== undefined) chunks.push(chunk);
    open = next;
    tokens = next.reduce((sum, unit) => sum + unit.tokens, 0);
    hasBody = false;
  };
  let end = 0;
  for (const unit of unitsOf(text, options)) {
    const gapTokens = Math.floor((unit.start - end) / GAP_CHARS);
    const full = tokens + gapTokens + unit.tokens > maxTokens;
    if (hasBody && unit.heading && (tokens >= minTokens || leavesSection(open, unit))) close([]);
    else if (full) close(hasBody ? takeTrailingHeadings(open) : []);
    if (open.length > 0) tokens += gapTokens;
    open.push(unit);
    tokens += unit.tokens;
    hasBody ||= !unit.heading;
    end = unit.end;
  }
  close([]);
  return chunks;
}

function* unitsOf(text: string, options: ChunkOptions): Generator<Unit> {
  const maxTokens = Math.ceil((options.chunkTokens * 4) / 3);
  let path: readonly { readonly level: number; readonly title: string }[] = [];
  for (const block of blocksOf(text, options.markdown)) {
    if (block.kind === "heading") {
      const { level = 1, title = "" } = block;
      path = [...path.filter((above) => above.level < level), { level, title }];
    }
    const titles = path.map((above) => above.title).filter((title) => title !== "");
    for (const { start, end } of pieces(text, block, maxTokens)) {
      const tokens = chunkSize(text.slice(start, end));
      yield { start, end, tokens, heading: block.kind === "heading", path: titles };
    }
  }
}

function pieces(text: string, block: Block, maxTokens: number): readonly Range[] {
  const tokens = chunkSize(text.slice(block.start, block.end));
  const limit = block.kind === "fence" ? 3 * maxTokens : maxTokens;
  return tokens <= limit ? [block] : sentencesOf(text, block, maxTokens);
}

/**
 * Whether the heading opens a section outside the one that the chunk began in. What is left of a
 * long section has no heading of its own and takes no other section in.
 */
function leavesSection(open: readonly Unit[], heading: Unit): boolean {
  const began = open[0]?.path ?? [];
  if (open[0]?.heading === false) return true;
  const shared = sharedPath([began, heading.path]).length;
  return shared === 0 || shared < began.length - 1;
}

/** Headings at the chunk's end belong to what comes next. */
function takeTrailingHeadings(open: Unit[]): Unit[] {
  const last = open.findLastIndex((unit) => !unit.heading);
  return open.splice(last + 1);
}

/** The chunk of these units without the space around it; `undefined` when there is nothing else. */
function chunkOf(text: string, units: readonly Unit[]): Chunk | undefined {
  const [first] = units;
  if (first === undefined) return undefined;
  const whole = text.slice(first.start, units.at(-1)?.end);
  const start = first.start + whole.length - whole.trimStart().length;
  const end = first.start + whole.trimEnd().length;
  return end > start
    ? { start, end, heading: sharedPath(units.map((unit) => unit.path)) }
    : undefined;
}

function sharedPath(paths: readonly (readonly string[])[]): readonly string[] {
  const [first = [], ...rest] = paths;
  const differs = first.findIndex((title, depth) => rest.some((path) => path[depth] !== title));
  return differs === -1 ? first : first.slice(0, differs);
}
