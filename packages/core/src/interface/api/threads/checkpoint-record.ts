import { MemCubeError } from "../../../errors.ts";
import type { Checkpoint } from "../../../ports/index.ts";
import type { ChunkSink } from "./chunk-sink.ts";
import { packText, unpackText } from "./packed-text.ts";
import type { WrittenValue } from "./write-value.ts";

/** Names a channel's value at a time; opaque. */
export type ChannelVersion = string | number;

/** A channel's value as JSON of write-value.ts. */
export interface Entry {
  readonly version: ChannelVersion;
  readonly text: string;
}

/** What the value of a stored checkpoint says. */
export interface CheckpointRecord {
  readonly head: string;
  readonly values: ReadonlyMap<string, Entry>;
  /** Whether the state of this checkpoint is in its ancestors' writes, too. */
  readonly needsAncestors: boolean;
}

export function packRecord({ head, values, needsAncestors }: CheckpointRecord): Uint8Array {
  const fields = Array.from(
    values,
    ([name, { version, text }]) => `${JSON.stringify(name)}:[${JSON.stringify(version)},${text}]`,
  );
  const flag = needsAncestors ? ',"needsAncestors":true' : "";
  return packText(`{"head":${head},"values":{${fields.join(",")}}${flag}}`);
}

/** @throws MemCubeError `MEMCUBE_STORAGE_DAMAGED` */
export function unpackRecord({ value }: Pick<Checkpoint, "value">): CheckpointRecord {
  const { head, values, needsAncestors } = parseRecord(unpackText(value));
  const entries = Object.entries(values).map(([name, [version, tree]]): [string, Entry] => [
    name,
    { version, text: JSON.stringify(tree) },
  ]);
  return {
    head: JSON.stringify(head),
    values: new Map(entries),
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
export function carriedEntry(entry: Entry, sink: ChunkSink): WrittenValue {
  const needs = hashesIn(JSON.parse(entry.text));
  if (entry.text.length < SHORT_CHARS) return { text: entry.text, needs };
  const hash = sink.addText("json", entry.text, needs);
  return { text: `"~c${hash}"`, needs: [hash] };
}

/** Hashes that a parsed, unresolved value names. */
function hashesIn(value: unknown): string[] {
  if (typeof value === "string") return /^~[sbc]/u.test(value) ? [value.slice(2)] : [];
  if (typeof value !== "object" || value === null) return [];
  const inner = Object.values(value).flatMap(hashesIn);
  return Array.isArray(value) && value[0] === "~l" ? [String(value[1]), ...inner] : inner;
}

function damaged(cause?: unknown): MemCubeError {
  const why = "A thread's state is not what was written. Restore a backup.";
  return new MemCubeError("MEMCUBE_STORAGE_DAMAGED", why, { cause });
}
