import {
  type CubeRef,
  type HistorySegment,
  type LogEntry,
  MemCubeError,
  type Page,
  type Position,
  type Seal,
  type StoredVersion,
  type Vault,
} from "@memcube/core";
import { z } from "zod";

import type { RedisConnection } from "../connection/connection.ts";
import { readCursor, writeCursor } from "../cursor.ts";
import { damaged, listOf, numberOf, textOf } from "../replies.ts";
import { cubeNotFound } from "./commit.ts";
import { optional } from "./read.ts";
import { LOOKS, PURGE_SLICE, REPLY_BYTES } from "./reply-bounds.ts";
import { isNothing, storedVersion } from "./stored-rows.ts";
import type { Views } from "./views.ts";

/** Entries of a log in one reply: bodies of some kilobytes each. */
const LOG_SLICE = 500;

/** `Vault.versions`. Cost: two commands for each version looked at. */
export async function readVersions(
  parts: { readonly connection: RedisConnection; readonly views: Views },
  ref: CubeRef,
  query: Parameters<Vault["versions"]>[1],
): Promise<StoredVersion[]> {
  const { connection, views } = parts;
  const found: StoredVersion[] = [];
  let below = optional(query.below);
  for (;;) {
    const limit = query.limit - found.length;
    if (limit <= 0) return found;
    const from = below;
    const answer = await views.read(ref, query.access, (view) =>
      connection.run(
        "read-versions",
        [connection.keys.cube(ref, "meta")],
        [...view, query.id, from, String(limit), String(REPLY_BYTES), String(LOOKS)],
      ),
    );
    if (answer === undefined) return found;
    const [next, ...rows] = answer;
    found.push(...rows.map(storedVersion));
    below = textOf(next);
    if (below === "") return found;
  }
}

/** `Vault.log`. Cost: in proportion to the entries read. */
export async function readLog(
  connection: RedisConnection,
  ref: CubeRef,
  query: { readonly afterSeq: number; readonly limit: number },
): Promise<LogEntry[]> {
  const found: LogEntry[] = [];
  let after = query.afterSeq;
  while (found.length < query.limit) {
    const slice = Math.min(LOG_SLICE, query.limit - found.length);
    const key = connection.keys.cube(ref, "meta");
    const rows = listOf(await connection.run("read-log", [key], [String(after), String(slice)]));
    for (const row of rows) {
      const [seq, at, digest, head, body] = listOf(row);
      found.push({
        seq: numberOf(seq),
        at: numberOf(at),
        digest: textOf(digest),
        head: textOf(head),
        body: textOf(body),
      });
    }
    if (rows.length < slice) break;
    after = found.at(-1)?.seq ?? after;
  }
  return found;
}

/** `Vault.positionAt`. Cost: the logarithm of the hot commits. */
export async function findPosition(
  connection: RedisConnection,
  ref: CubeRef,
  at: number,
): Promise<Position | undefined> {
  const key = connection.keys.cube(ref, "meta");
  const reply = await connection.run("find-position", [key], [String(at)]);
  if (isNothing(reply)) return undefined;
  const [epoch, seq, head] = listOf(reply);
  return { epoch: textOf(epoch), seq: numberOf(seq), head: textOf(head) };
}

const sealSchema: z.ZodType<Seal> = z.object({
  fromSeq: z.number(),
  toSeq: z.number(),
  root: z.string(),
  at: z.number(),
  sealer: z.string(),
  keyId: z.string().optional(),
  signature: z.string().optional(),
});

/** `Vault.seals`. Cost: in proportion to the seals read. */
export async function readSeals(
  connection: RedisConnection,
  ref: CubeRef,
  { afterSeq, limit }: { readonly afterSeq: number; readonly limit: number },
): Promise<Seal[]> {
  const key = connection.keys.cube(ref, "seals");
  const range = ["ZRANGEBYSCORE", key, `(${afterSeq}`, "+inf", "LIMIT", "0", String(limit)];
  const found = listOf(await connection.send(key, range));
  return found.map((text) => parse(sealSchema, textOf(text), "a seal"));
}

/** `Vault.seal`. Cost: one script of some commands. */
export async function addSeal(
  connection: RedisConnection,
  ref: CubeRef,
  { fromSeq, toSeq, root, at, sealer, keyId, signature }: Seal,
): Promise<void> {
  const text = JSON.stringify({ fromSeq, toSeq, root, at, sealer, keyId, signature });
  const args = [String(fromSeq), String(toSeq), text];
  const key = connection.keys.cube(ref, "meta");
  settle(listOf(await connection.run("add-seal", [key], args)), ref, fromSeq);
}

const segmentSchema: z.ZodType<HistorySegment> = z.object({
  fromSeq: z.number(),
  toSeq: z.number(),
  head: z.string(),
  toAt: z.number(),
  blob: z.string(),
  sizeBytes: z.number(),
});

/** `Vault.segments`. Cost: in proportion to the segments: one for some thousand commits. */
export async function readSegments(
  connection: RedisConnection,
  ref: CubeRef,
): Promise<HistorySegment[]> {
  return (await segmentTexts(connection, ref)).map((text) =>
    parse(segmentSchema, text, "a segment"),
  );
}

async function segmentTexts(connection: RedisConnection, ref: CubeRef): Promise<string[]> {
  const key = connection.keys.cube(ref, "segments");
  return listOf(await connection.send(key, ["ZRANGE", key, "0", "-1"])).map(textOf);
}

function segmentText({ fromSeq, toSeq, head, toAt, blob, sizeBytes }: HistorySegment): string {
  return JSON.stringify({ fromSeq, toSeq, head, toAt, blob, sizeBytes });
}

/**
 * `Vault.addSegment`: readers see what it covers gone in one step, the bytes are freed in slices after
 * it. What a crash leaves of them is freed with the next segment. Cost: in proportion to the commits and
 * versions it covers; with `expect` also to those that ended and are hot.
 */
export async function addSegment(
  connection: RedisConnection,
  ref: CubeRef,
  segment: HistorySegment,
  expect?: { readonly versions: number },
): Promise<void> {
  const { fromSeq, toSeq } = segment;
  const key = connection.keys.cube(ref, "meta");
  const versions = expect === undefined ? "" : String(expect.versions);
  const args = [String(fromSeq), String(toSeq), segmentText(segment), versions];
  settle(listOf(await connection.run("add-segment", [key], args)), ref, fromSeq);
  let place = "";
  do {
    const reply = await connection.run("purge-history", [key], [place, String(PURGE_SLICE)]);
    place = textOf(reply);
  } while (place !== "");
}

/** `Vault.replaceSegment`. Cost: in proportion to the segments. */
export async function replaceSegment(
  connection: RedisConnection,
  ref: CubeRef,
  segment: HistorySegment,
  replaced: string,
): Promise<void> {
  const texts = await segmentTexts(connection, ref);
  const present = texts.find((text) => {
    const { fromSeq, toSeq, blob } = parse(segmentSchema, text, "a segment");
    return fromSeq === segment.fromSeq && toSeq === segment.toSeq && blob === replaced;
  });
  const key = connection.keys.cube(ref, "meta");
  const args = [String(segment.toSeq), present ?? "", segmentText(segment)];
  settle(listOf(await connection.run("replace-segment", [key], args)), ref, segment.fromSeq);
}

/** `Vault.endedVersions`. Cost: in proportion to the versions that ended and are hot. */
export async function readEnded(
  connection: RedisConnection,
  ref: CubeRef,
  query: Parameters<Vault["endedVersions"]>[1],
): Promise<Page<StoredVersion>> {
  const { afterSeq, toSeq, limit } = query;
  const items: StoredVersion[] = [];
  let after = query.cursor === undefined ? "" : readCursor(query.cursor, "string")[0];
  for (;;) {
    const rest = limit + 1 - items.length;
    const args = [String(afterSeq), String(toSeq), String(rest), after];
    args.push(String(REPLY_BYTES), String(LOOKS));
    const key = connection.keys.cube(ref, "meta");
    const [next, ...rows] = listOf(await connection.run("read-ended", [key], args));
    items.push(...rows.map(storedVersion));
    after = textOf(next);
    if (after === "" || items.length > limit) break;
  }
  const page = items.slice(0, limit);
  const last = page.at(-1);
  return items.length > limit && last !== undefined
    ? { items: page, cursor: writeCursor(endedMember(last)) }
    : { items: page };
}

/** As `memory.ended` of the scripts writes it. */
function endedMember({ id, version, toSeq }: StoredVersion): string {
  return `${id}\0${String(version).padStart(16, "0")}\0${toSeq}`;
}

/** @throws MemCubeError for an outcome that is not "ok" */
export function settle(
  [outcome, expected]: readonly unknown[],
  ref: CubeRef,
  actual?: number,
): void {
  if (outcome === "ok") return;
  if (outcome === "missing") throw cubeNotFound(ref.cubeId);
  throw new MemCubeError("MEMCUBE_CONFLICT", "It does not continue the last one.", {
    details: { expected, actual },
  });
}

function parse<T>(schema: z.ZodType<T>, text: string, what: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw damaged(what, cause);
  }
}
