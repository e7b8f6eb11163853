import type { ChunkSink } from "./chunk-sink.ts";
import type { WrittenValue } from "./write-value.ts";

/** Elements are taken together until they have so many characters: a message is one such piece. */
const PIECE_CHARS = 128;

/** A node holds so many pieces, or fewer where they are large. */
const NODE_PIECES = 16;
const NODE_CHARS = 8_192;

/** Elements from `start` up to `end`. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * Writes a long list as a chain of nodes, `[<whether there is one before>, ...elements]` each, of which
 * the last is named. Where a node ends follows from the elements up to there alone. So when elements are added at
 * the end, all full nodes stay; what follows them is a chain of pieces, of which the last is new. When
 * the pieces fill a node they are written once more as one, so a list of n messages is a chain of n / 16
 * nodes, and storing it n times, each time with one more message, costs each message twice.
 */
export function writeList(elements: readonly WrittenValue[], sink: ChunkSink): WrittenValue {
  const { nodes, rest } = cut(elements);
  let hash = "";
  for (const { start, end } of nodes) {
    const texts = [hash === "" ? "0" : "1"];
    const needs = hash === "" ? [] : [hash];
    for (const element of elements.slice(start, end)) {
      texts.push(element.text);
      needs.push(...element.needs);
    }
    hash = sink.addText("nodes", `[${texts.join(",")}]`, needs);
  }
  const left = elements.slice(rest);
  return {
    text: `[${['"~l"', ...left.map(({ text }) => text)].join(",")}]`,
    needs: [hash, ...left.flatMap(({ needs }) => needs)],
  };
}

/** Full nodes and the pieces after them; what is no full piece begins at `rest`. */
function cut(elements: readonly WrittenValue[]): { readonly nodes: Span[]; readonly rest: number } {
  const nodes: Span[] = [];
  let pieces: Span[] = [];
  let [start, nodeStart, size, nodeSize] = [0, 0, 0, 0];
  for (const [at, { text }] of elements.entries()) {
    size += text.length;
    if (size < PIECE_CHARS) continue;
    const end = at + 1;
    pieces.push({ start, end });
    nodeSize += size;
    [start, size] = [end, 0];
    if (pieces.length < NODE_PIECES && nodeSize < NODE_CHARS) continue;
    nodes.push({ start: nodeStart, end });
    pieces = [];
    [nodeStart, nodeSize] = [end, 0];
  }
  return { nodes: [...nodes, ...pieces], rest: start };
}
