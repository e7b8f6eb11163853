import { type Block, blocksOf } from "./blocks.ts";
import { estimateTokens } from "../../../text/index.ts";
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
    if (open.length > 0) chunks.push(chunkOf(text, open));
    open = next;
    tokens = next.reduce((sum, unit) => sum + unit.tokens, 0);
    hasBody = false;
  };
  for (const unit of unitsOf(text, options)) {
    const full = tokens + unit.tokens > maxTokens;
    if (hasBody && unit.heading && (tokens >= minTokens || leavesSection(open, unit))) close([]);
    else if (full) close(hasBody ? takeTrailingHeadings(open) : []);
    open.push(unit);
    tokens += unit.tokens;
    hasBody ||= !unit.heading;
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
      const tokens = estimateTokens(text.slice(start, end));
      yield { start, end, tokens, heading: block.kind === "heading", path: titles };
    }
  }
}

function pieces(text: string, block: Block, maxTokens: number): readonly Range[] {
  const tokens = estimateTokens(text.slice(block.start, block.end));
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

function chunkOf(text: string, units: readonly Unit[]): Chunk {
  const start = units[0]?.start ?? 0;
  const whole = text.slice(start, units.at(-1)?.end);
  const leading = whole.length - whole.trimStart().length;
  return {
    start: start + leading,
    end: start + whole.trimEnd().length,
    heading: sharedPath(units.map((unit) => unit.path)),
  };
}

function sharedPath(paths: readonly (readonly string[])[]): readonly string[] {
  const [first = [], ...rest] = paths;
  const differs = first.findIndex((title, depth) => rest.some((path) => path[depth] !== title));
  return differs === -1 ? first : first.slice(0, differs);
}
