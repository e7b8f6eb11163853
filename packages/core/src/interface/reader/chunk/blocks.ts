import { READER_LIMITS } from "../reader-limits.ts";

/** A run of lines that belongs together, with its half-open range of characters. */
export interface Block {
  readonly kind: "heading" | "fence" | "paragraph";
  readonly start: number;
  end: number;
  /** 1 to 6, of a heading. */
  readonly level?: number;
  /** Text of a heading without its marks. */
  readonly title?: string;
}

interface Line {
  readonly start: number;
  /** After the line break. */
  readonly end: number;
  readonly text: string;
}

/**
 * Cuts text into headings, code fences and paragraphs, in order. Blank lines belong to none. With
 * `markdown: false` everything between blank lines is a paragraph.
 */
export function blocksOf(text: string, markdown: boolean): readonly Block[] {
  const blocks: Block[] = [];
  let open: Block | undefined;
  let fence: string | undefined;
  for (const line of linesOf(text)) {
    if (open !== undefined && fence !== undefined) {
      open.end = line.end;
      if (closesFence(line.text, fence)) [open, fence] = [undefined, undefined];
      continue;
    }
    if (line.text.trim() === "") {
      open = undefined;
      continue;
    }
    const opened = markdown ? /^ {0,3}(`{3,}|~{3,})/.exec(line.text)?.[1] : undefined;
    if (opened !== undefined) {
      fence = opened;
      open = add(blocks, { kind: "fence", start: line.start, end: line.end });
      continue;
    }
    const heading = markdown ? headingOf(line, open, text) : undefined;
    if (heading !== undefined) {
      if (heading.start !== line.start) blocks.pop();
      add(blocks, heading);
      open = undefined;
    } else if (open === undefined) {
      open = add(blocks, { kind: "paragraph", start: line.start, end: line.end });
    } else {
      open.end = line.end;
    }
  }
  return blocks;
}

function add(blocks: Block[], block: Block): Block {
  blocks.push(block);
  return block;
}

function* linesOf(text: string): Generator<Line> {
  for (let start = 0; start < text.length;) {
    const found = text.indexOf("\n", start);
    const end = found === -1 ? text.length : found + 1;
    yield { start, end, text: text.slice(start, end).trimEnd() };
    start = end;
  }
}

function closesFence(line: string, fence: string): boolean {
  const mark = line.trimStart();
  return mark.startsWith(fence) && mark === fence.charAt(0).repeat(mark.length);
}

/** `# Title`, or the underline of the paragraph's only line: `Title` above `=====` or `-----`. */
function headingOf(line: Line, open: Block | undefined, text: string): Block | undefined {
  if (line.text.length > READER_LIMITS.headingChars) return undefined;
  const marked = /^ {0,3}(#{1,6})(?:[ \t]|$)/.exec(line.text);
  if (marked !== null) {
    const title = withoutClosingMarks(line.text.slice(marked[0].length).trim());
    return { kind: "heading", start: line.start, end: line.end, level: marked[1]?.length, title };
  }
  if (open?.kind !== "paragraph" || !/^ {0,3}(=+|-{2,})$/.test(line.text)) return undefined;
  if (open.end - open.start > READER_LIMITS.headingChars) return undefined;
  const above = text.slice(open.start, open.end).trim();
  if (above.includes("\n")) return undefined;
  const level = line.text.includes("=") ? 1 : 2;
  return { kind: "heading", start: open.start, end: line.end, level, title: above };
}

function withoutClosingMarks(title: string): string {
  let end = title.length;
  while (end > 0 && title[end - 1] === "#") end -= 1;
  const closed = end === 0 || title[end - 1] === " " || title[end - 1] === "\t";
  return closed ? title.slice(0, end).trim() : title;
}
