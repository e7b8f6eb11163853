import { z } from "zod";

import type { DeadLetter, Page } from "../../flow/index.ts";
import { LIMITS } from "../../limits.ts";
import { assertOpen } from "./context.ts";
import { headerOf } from "./cube-access.ts";
import type { Visitor } from "./cubes.ts";
import { parseInput } from "./options.ts";

/** Pages of dead letters looked through for the ids of one call: a hundred thousand tasks. */
const PAGES = 100;

const listSchema = z.strictObject({
  limit: z.int().min(1).max(LIMITS.pageRows).default(100),
  cursor: z.string().optional(),
});
const idsSchema = z.array(z.string().min(1)).min(1).max(LIMITS.pageRows);

export type ListDeadLettersOptions = z.input<typeof listSchema>;

/**
 * Background work that was given up after its last attempt, one page, of cubes that the caller owns.
 * A page may hold fewer than `limit` while it has a cursor: tasks of others are left out.
 *
 * @throws MemCubeError `MEMCUBE_INVALID_INPUT`, `MEMCUBE_CLOSED`
 */
export async function listDeadLetters(
  visitor: Visitor,
  rawOptions: ListDeadLettersOptions = {},
): Promise<Page<DeadLetter>> {
  const { context, caller } = visitor;
  assertOpen(context);
  const { limit, cursor } = parseInput(listSchema, rawOptions, "options");
  const { items, cursor: next } = await context.storage.queue.deadLetters({
    tenantId: caller.tenantId,
    limit,
    ...(cursor === undefined ? {} : { cursor }),
  });
  const own = await ownCubes(visitor, items);
  return {
    items: items.filter(({ cubeId }) => own.has(cubeId)),
    ...(next === undefined ? {} : { cursor: next }),
  };
}

/**
 * Runs dead letters again with their attempts counted from zero. Ids of others count as not there.
 * @returns how many there were
 */
export async function redriveDeadLetters(
  visitor: Visitor,
  rawIds: readonly string[],
): Promise<number> {
  const { context, caller } = visitor;
  const ids = await ownIds(visitor, rawIds);
  if (ids.length === 0) return 0;
  const { queue } = context.storage;
  const redriven = await queue.redrive(caller.tenantId, ids, context.clock.now());
  context.worker.nudge();
  return redriven;
}

/**
 * Removes dead letters: the work is not done. Ids of others count as not there.
 * @returns how many there were
 */
export async function discardDeadLetters(
  visitor: Visitor,
  rawIds: readonly string[],
): Promise<number> {
  const ids = await ownIds(visitor, rawIds);
  if (ids.length === 0) return 0;
  return await visitor.context.storage.queue.discard(visitor.caller.tenantId, ids);
}

/** Those of the ids that are dead letters of the caller's own cubes. */
async function ownIds(visitor: Visitor, rawIds: readonly string[]): Promise<string[]> {
  const wanted = new Set(parseInput(idsSchema, rawIds, "ids"));
  const found: string[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < PAGES && found.length < wanted.size; page++) {
    const options = { limit: LIMITS.pageRows, ...(cursor === undefined ? {} : { cursor }) };
    const { items, cursor: next } = await listDeadLetters(visitor, options);
    for (const { id } of items) if (wanted.has(id)) found.push(id);
    cursor = next;
    if (cursor === undefined) break;
  }
  return found;
}

async function ownCubes(
  { context, caller }: Visitor,
  letters: readonly DeadLetter[],
): Promise<ReadonlySet<string>> {
  const own = new Set<string>();
  for (const cubeId of new Set(letters.map((letter) => letter.cubeId))) {
    const stored = await context.storage.vault.cube({ tenantId: caller.tenantId, cubeId });
    if (stored === undefined) continue;
    if (headerOf(context, stored).owner === `user:${caller.userId}`) own.add(cubeId);
  }
  return own;
}
