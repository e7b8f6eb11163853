import type { AddedChunk, ChunkSink } from "./chunk-sink.ts";
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
  const { spans, rest } = cut(elements);
  let hash = "";
  for (const { start, end } of spans) hash = addNode(hash, elements.slice(start, end), sink);
  const left = elements.slice(rest);
  return {
    text: `[${['"~l"', ...left.map(({ text }) => text)].join(",")}]`,
    needs: [hash, ...left.flatMap(({ needs }) => needs)],
  };
}

/** A node as it was added. */
interface AddedNode {
  readonly before: string;
  readonly elements: readonly WrittenValue[];
  readonly added: AddedChunk;
}

/** Nodes by their first element: of a part, which is the same one each time it is put. */
const nodes = new WeakMap<WrittenValue, AddedNode>();

/** @param before hash of the node before, or "" @returns its hash */
function addNode(before: string, elements: readonly WrittenValue[], sink: ChunkSink): string {
  const [first] = elements;
  const known = first && nodes.get(first);
  if (known !== undefined && known.before === before && isSame(known.elements, elements)) {
    sink.addAll([known.added]);
    return known.added[0];
  }
  const texts = [before === "" ? "0" : "1"];
  const needs = before === "" ? [] : [before];
  for (const element of elements) {
    texts.push(element.text);
    needs.push(...element.needs);
  }
  const content = `[${texts.join(",")}]`;
  const hash = sink.addText("nodes", content, needs);
  if (first !== undefined)
    nodes.set(first, { before, elements, added: [hash, { needs, content }] });
  return hash;
}

function isSame(some: readonly WrittenValue[], others: readonly WrittenValue[]): boolean {
  return some.length === others.length && some.every((one, at) => one === others[at]);
}

/** Full nodes and the pieces after them; what is no full piece begins at `rest`. */
function cut(elements: readonly WrittenValue[]): { readonly spans: Span[]; readonly rest: number } {
  const spans: Span[] = [];
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
    spans.push({ start: nodeStart, end });
    pieces = [];
    [nodeStart, nodeSize] = [end, 0];
  }
  return { spans: [...spans, ...pieces], rest: start };
}
