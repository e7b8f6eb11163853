import type { Checkpoint, CheckpointPage, PendingWrite, ThreadChunk } from "@memcube/core";

import type { Argument, Reply } from "../connection/connection.ts";
import { escapePart, memberOf, unescapePart } from "../members.ts";
import { bytesOf, damaged, listOf, rowsOf, textOf } from "../replies.ts";

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

/** Head and body. */
export function packCheckpoint({ parentId, chunks, value }: Checkpoint): readonly Argument[] {
  const parent = parentId === undefined ? Buffer.alloc(0) : packId(parentId, escapePart);
  return [Buffer.concat([Buffer.from(`${joinHashes(chunks)}\n`), parent]), Buffer.from(value)];
}

/** `<index>:<task>`, head and body. */
export function packWrite(write: PendingWrite): readonly Argument[] {
  const { taskId, index, taskPath, chunks, value } = write;
  const path = Buffer.from(taskPath ?? "");
  const size = taskPath === undefined ? "" : String(path.length);
  return [
    Buffer.concat([Buffer.from(`${index}:`), packId(taskId)]),
    joinHashes(chunks),
    Buffer.concat([Buffer.from(`${size}:`), path, value]),
  ];
}

/** Hash, head and body. */
export function packChunk({ hash, needs, bytes }: ThreadChunk): readonly Argument[] {
  return [shortHash(hash), joinHashes(needs), Buffer.from(bytes)];
}

/** A reply of thread.reply. @throws MemCubeError `MEMCUBE_STORAGE_DAMAGED` */
export function unpackPage(reply: Reply): Omit<CheckpointPage, "cursor"> {
  const [rows = [], chunks = []] = listOf(reply);
  return {
    items: listOf(rows).map((row) => {
      const [place, head, body, writes] = listOf(row);
      return {
        checkpoint: unpackCheckpoint(textOf(place), bytesOf(head), bytesOf(body)),
        writes: rowsOf(writes, 3).map(unpackWrite),
      };
    }),
    chunks: new Map(rowsOf(chunks, 3).map(unpackChunk)),
  };
}

function unpackCheckpoint(place: string, head: Buffer, body: Buffer): Checkpoint {
  const [namespace = "", id = ""] = place.split("\0").map(unescapePart);
  const end = head.indexOf("\n");
  if (end < 0) throw damaged("a cut checkpoint");
  const chunks = hashesOf(head.toString("latin1", 0, end));
  const checkpoint = { namespace, id, chunks, value: ownBytes(body) };
  const parent = head.subarray(end + 1);
  return parent.length === 0
    ? checkpoint
    : { ...checkpoint, parentId: unpackId(parent, unescapePart) };
}

function unpackWrite([name, head, body]: readonly Reply[]): PendingWrite {
  const key = bytesOf(name);
  const content = bytesOf(body);
  const colon = key.indexOf(":");
  const start = content.indexOf(":") + 1;
  if (colon < 1 || start === 0) throw damaged("a cut write");
  const size = content.toString("latin1", 0, start - 1);
  const end = start + Number(size);
  return {
    taskId: unpackId(key.subarray(colon + 1)),
    index: Number(key.toString("latin1", 0, colon)),
    chunks: hashesOf(textOf(head)),
    value: ownBytes(content.subarray(end)),
    ...(size === "" ? {} : { taskPath: content.toString("utf8", start, end) }),
  };
}

/** Of a UUID its 16 bytes. */
function packId(id: string, escape: (text: string) => string = String): Buffer {
  return UUID.test(id)
    ? Buffer.concat([Buffer.from("u"), Buffer.from(id.replaceAll("-", ""), "hex")])
    : Buffer.from(`t${escape(id)}`);
}

function unpackId(packed: Buffer, unescape: (text: string) => string = String): string {
  if (packed[0] === "t".charCodeAt(0)) return unescape(packed.toString("utf8", 1));
  const hex = packed.toString("hex", 1);
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)];
  return [...parts, hex.slice(20)].join("-");
}

function unpackChunk([hash, needs, bytes]: readonly Reply[]): [string, ThreadChunk] {
  const name = fullHash(textOf(hash));
  return [name, { hash: name, needs: hashesOf(textOf(needs)), bytes: ownBytes(bytesOf(bytes)) }];
}

const HASH = /^[\da-f]{32}$/u;

/** A hash of 128 bits as 22 characters of base64url, another after a dot. */
function shortHash(hash: string): string {
  return HASH.test(hash) ? Buffer.from(hash, "hex").toString("base64url") : `.${hash}`;
}

function fullHash(short: string): string {
  return short.startsWith(".") ? short.slice(1) : Buffer.from(short, "base64url").toString("hex");
}

function joinHashes(hashes: readonly string[]): string {
  return hashes.map(shortHash).join(",");
}

function hashesOf(text: string): string[] {
  return text === "" ? [] : text.split(",").map(fullHash);
}

/** A copy: the reply is a view of a larger buffer that would be kept alive. */
function ownBytes(bytes: Buffer): Uint8Array {
  return new Uint8Array(bytes);
}
