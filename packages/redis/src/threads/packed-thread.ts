import type {
  Checkpoint,
  CheckpointPage,
  PendingWrite,
  StoredCheckpoint,
  ThreadChunk,
} from "@memcube/core";

import type { Reply } from "../connection/connection.ts";
import { escapePart, memberOf, unescapePart } from "../members.ts";
import { bytesOf, damaged, listOf, numberOf, textOf } from "../replies.ts";
import type { ArgumentWriter } from "./argument-writer.ts";
import { addName, addNames, unpackName, unpackNames } from "./packed-names.ts";

// How checkpoints, writes and chunks lie in the entries of scripts/modules/thread.lua.

const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/u;

/** Where a checkpoint lies in its thread. */
export function placeOf({
  namespace,
  id,
}: {
  readonly namespace: string;
  readonly id: string;
}): string {
  return memberOf(namespace, id);
}

/** Adds field and id of the newest of a namespace, then key and value of the checkpoint's entry. */
export function addCheckpoint(writer: ArgumentWriter, checkpoint: Checkpoint): void {
  const { parentId, chunks, value } = checkpoint;
  const [namespace, id] = [escapePart(checkpoint.namespace), escapePart(checkpoint.id)];
  writer.text(`n${namespace}`);
  writer.text(id);
  writer.text(`c${namespace}\0${id}`);
  addHead(writer, chunks);
  const parent = writer.addSize(2);
  if (parentId !== undefined) addId(writer, parentId, escapePart);
  writer.setSize(parent, 2);
  writer.addBytes(value);
  writer.end();
}

/** Adds key and value of its entry. */
export function addWrite(writer: ArgumentWriter, place: string, write: PendingWrite): void {
  const { taskId, index, taskPath, chunks, value } = write;
  writer.addText(`w${place}\0${index}:`);
  addId(writer, taskId);
  writer.end();
  addHead(writer, chunks);
  if (taskPath === undefined) {
    writer.addNumber(NO_PATH, 2);
  } else {
    const path = writer.addSize(2);
    writer.addText(taskPath);
    writer.setSize(path, 2);
  }
  writer.addBytes(value);
  writer.end();
}

/** Adds key and value of its entry. */
export function addChunk(writer: ArgumentWriter, { hash, needs, bytes }: ThreadChunk): void {
  writer.addText("k");
  addName(writer, hash);
  writer.end();
  addHead(writer, needs);
  writer.addBytes(bytes);
  writer.end();
}

/** A reply of thread.reply. @throws MemCubeError `MEMCUBE_STORAGE_DAMAGED` */
export function unpackPage(reply: Reply): Omit<CheckpointPage, "cursor"> {
  const list = listOf(reply);
  let at = 0;
  const next = (): Reply => list[at++];
  const items: StoredCheckpoint[] = [];
  for (let left = list.length === 0 ? 0 : numberOf(next()); left > 0; left -= 1) {
    const [namespace = "", id = ""] = textOf(next()).split("\0").map(unescapePart);
    const checkpoint = unpackCheckpoint({ namespace, id }, bytesOf(next()));
    const writes: PendingWrite[] = [];
    for (let more = numberOf(next()); more > 0; more -= 1)
      writes.push(unpackWrite(bytesOf(next()), bytesOf(next())));
    items.push({ checkpoint, writes });
  }
  const chunks = new Map<string, ThreadChunk>();
  while (at < list.length) {
    const chunk = unpackChunk(bytesOf(next()), bytesOf(next()));
    chunks.set(chunk.hash, chunk);
  }
  return { items, chunks };
}

/** From the value of its entry. @throws MemCubeError `MEMCUBE_STORAGE_DAMAGED` */
export function unpackCheckpoint(
  { namespace, id }: Pick<Checkpoint, "namespace" | "id">,
  value: Buffer,
): Checkpoint {
  const { names, body } = unpackEntry(value);
  const { first: parent, rest } = cutBody(body, body.readUInt16BE());
  const checkpoint = { namespace, id, chunks: names, value: ownBytes(rest) };
  return parent.length === 0
    ? checkpoint
    : { ...checkpoint, parentId: unpackId(parent, unescapePart) };
}

function unpackWrite(key: Buffer, value: Buffer): PendingWrite {
  const colon = key.indexOf(":");
  if (colon < 1) throw damaged("a cut write");
  const { names, body } = unpackEntry(value);
  const size = body.readUInt16BE();
  const { first: path, rest } = cutBody(body, size === NO_PATH ? 0 : size);
  return {
    taskId: unpackId(key.subarray(colon + 1)),
    index: Number(key.toString("latin1", 0, colon)),
    chunks: names,
    value: ownBytes(rest),
    ...(size === NO_PATH ? {} : { taskPath: path.toString() }),
  };
}

function unpackChunk(name: Buffer, value: Buffer): ThreadChunk {
  const { names, body } = unpackEntry(value);
  return { hash: unpackName(name), needs: names, bytes: ownBytes(body) };
}

/** Instead of the length of a task's path; paths are shorter (`LIMITS.threadNameChars`). */
const NO_PATH = 0xff_ff;

/** The length of the head, with a bit that says where its body lay. */
const HEAD_BYTES = 4;
const BESIDE_BIT = 0x80;
const LENGTH_BITS = 0x7f_ff_ff_ff;

function addHead(writer: ArgumentWriter, chunks: readonly string[]): void {
  const head = writer.addSize(HEAD_BYTES);
  addNames(writer, chunks);
  writer.setSize(head, HEAD_BYTES);
}

/** Whether the value of an entry lacks its body, which lies beside. */
export function lacksBody(value: Buffer): boolean {
  return ((value[0] ?? 0) & BESIDE_BIT) !== 0;
}

function unpackEntry(value: Buffer): { readonly names: string[]; readonly body: Buffer } {
  if (value.length < HEAD_BYTES) throw damaged("a cut entry");
  const end = HEAD_BYTES + (value.readUInt32BE() & LENGTH_BITS);
  if (value.length < end) throw damaged("a cut entry");
  return { names: unpackNames(value.subarray(HEAD_BYTES, end)), body: value.subarray(end) };
}

/** What follows the two bytes of a length. */
function cutBody(body: Buffer, size: number): { readonly first: Buffer; readonly rest: Buffer } {
  if (body.length < 2 + size) throw damaged("a cut entry");
  return { first: body.subarray(2, 2 + size), rest: body.subarray(2 + size) };
}

/** Of a UUID its 16 bytes. */
function addId(
  writer: ArgumentWriter,
  id: string,
  escape: (text: string) => string = String,
): void {
  if (UUID.test(id)) writer.addHex(`${UUID_MARK}${digitsOf(id)}`);
  else writer.addText(`t${escape(id)}`);
}

function digitsOf(uuid: string): string {
  const [low, middle, high] = [uuid.slice(0, 8), uuid.slice(9, 13), uuid.slice(14, 18)];
  return `${low}${middle}${high}${uuid.slice(19, 23)}${uuid.slice(24)}`;
}

/** "u" in hexadecimal. */
const UUID_MARK = "75";

function unpackId(packed: Buffer, unescape: (text: string) => string = String): string {
  if (packed[0] === "t".charCodeAt(0)) return unescape(packed.toString("utf8", 1));
  const hex = packed.toString("hex", 1);
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)];
  return [...parts, hex.slice(20)].join("-");
}

/** A copy: the reply is a view of a larger buffer that would be kept alive. */
function ownBytes(bytes: Buffer): Uint8Array {
  return new Uint8Array(bytes);
}
