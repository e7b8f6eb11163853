import { MemCubeError } from "../../../errors.ts";
import type { Checkpoint } from "../../../ports/index.ts";
import type { ChunkSink } from "./chunk-sink.ts";
import { type Packing, unpackText } from "./packed-text.ts";
import { countNeeds } from "./read-value.ts";
import type { WrittenValue } from "./write-value.ts";

/** Names a channel's value at a time; opaque. */
export type ChannelVersion = string | number;

/** A channel's value as write-value.ts wrote it. */
export interface Entry extends WrittenValue {
  readonly version: ChannelVersion;
}

/** What the value of a stored checkpoint says. */
export interface CheckpointRecord {
  readonly head: WrittenValue;
  readonly values: ReadonlyMap<string, Entry>;
  /** Whether the state of this checkpoint is in its ancestors' writes, too. */
  readonly needsAncestors: boolean;
}

/** Bytes and chunks of a checkpoint. */
export function packRecord(
  { head, values, needsAncestors }: CheckpointRecord,
  packing: Packing,
): Pick<Checkpoint, "value" | "chunks"> {
  const entries = inOrderOfKeys(values);
  const fields = entries.map(
    ([name, { version, text }]) => `${JSON.stringify(name)}:[${JSON.stringify(version)},${text}]`,
  );
  const flag = needsAncestors ? ',"needsAncestors":true' : "";
  return {
    value: packing.text(`{"head":${head.text},"values":{${fields.join(",")}}${flag}}`),
    chunks: [...head.needs, ...entries.flatMap(([, { needs }]) => needs)],
  };
}

/** As an object has its keys, that of a number first: what chunks are named is read in this order. */
function inOrderOfKeys(values: ReadonlyMap<string, Entry>): [string, Entry][] {
  return Object.entries(Object.fromEntries(values));
}

/** @throws MemCubeError `MEMCUBE_STORAGE_DAMAGED` */
export function unpackRecord({
  value,
  chunks,
}: Pick<Checkpoint, "value" | "chunks">): CheckpointRecord {
  const { head, values, needsAncestors } = parseRecord(unpackText(value));
  let at = 0;
  const written = (tree: unknown): WrittenValue => {
    const needs = chunks.slice(at, at + countNeeds(tree));
    at += needs.length;
    return { text: JSON.stringify(tree), needs };
  };
  return {
    head: written(head),
    values: new Map(
      Object.entries(values).map(([name, [version, tree]]): [string, Entry] => [
        name,
        { version, ...written(tree) },
      ]),
    ),
    needsAncestors: needsAncestors === true,
  };
}

interface RecordJson {
  readonly head: unknown;
  readonly values: Readonly<Record<string, readonly [ChannelVersion, unknown]>>;
  readonly needsAncestors?: boolean;
}

function parseRecord(text: string): RecordJson {
  try {
    const record = JSON.parse(text) as RecordJson;
    if (typeof record.values === "object") return record;
  } catch (cause) {
    throw damaged(cause);
  }
  throw damaged();
}

/** An entry carried over from the parent: what is not short is a chunk from the first time on. */
const SHORT_CHARS = 64;

/** The entry as a further checkpoint holds it. */
export function carriedEntry({ text, needs }: Entry, sink: ChunkSink): WrittenValue {
  if (text.length < SHORT_CHARS) return { text, needs };
  return { text: '"~c"', needs: [sink.addText("json", text, needs)] };
}

function damaged(cause?: unknown): MemCubeError {
  const why = "A thread's state is not what was written. Restore a backup.";
  return new MemCubeError("MEMCUBE_STORAGE_DAMAGED", why, { cause });
}
