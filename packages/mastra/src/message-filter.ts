import type { MastraDBMessage } from "@mastra/core/memory";
import type { StorageListMessagesInput } from "@mastra/core/storage";

import { wrong } from "./page.ts";

export type MessageFilter = NonNullable<StorageListMessagesInput["filter"]>;
type DateRange = NonNullable<MessageFilter["dateRange"]>;

/** Names that a property could hide behind are no keys. */
const METADATA_KEY = /^(?!__proto__$|prototype$|constructor$)[A-Za-z_][A-Za-z0-9_]{0,127}$/;

/**
 * Tells whether a message fits what was asked for.
 *
 * @throws MemCubeError `MEMCUBE_INVALID_INPUT` for a metadata key or value that can't be asked for
 */
export function messageFits(
  filter: MessageFilter | undefined,
): (message: MastraDBMessage) => boolean {
  const conditions = Object.entries(filter?.metadata ?? {});
  for (const [key, value] of conditions) {
    if (!METADATA_KEY.test(key)) throw wrong(`Invalid metadata filter key "${key}".`);
    if (!isScalar(value)) throw wrong(`Invalid metadata filter value for key "${key}".`);
  }
  return ({ createdAt, content }) => {
    const metadata = content.metadata ?? {};
    const fits = conditions.every(
      ([key, value]) => Object.hasOwn(metadata, key) && metadata[key] === value,
    );
    return fits && isWithin(createdAt.getTime(), filter?.dateRange);
  };
}

/** The range as a listing takes it: from inclusive, to exclusive. */
export function rangeOf({ start, end }: DateRange = {}): { from?: number; to?: number } {
  return {
    ...(start === undefined ? {} : { from: new Date(start).getTime() }),
    ...(end === undefined ? {} : { to: new Date(end).getTime() + 1 }),
  };
}

function isWithin(at: number, { start, end, startExclusive, endExclusive }: DateRange = {}) {
  const from = start === undefined ? Number.NEGATIVE_INFINITY : new Date(start).getTime();
  const to = end === undefined ? Number.POSITIVE_INFINITY : new Date(end).getTime();
  const begun = startExclusive === true ? at > from : at >= from;
  return begun && (endExclusive === true ? at < to : at <= to);
}

function isScalar(value: unknown): boolean {
  if (value === null || typeof value === "string" || typeof value === "boolean") return true;
  return typeof value === "number" && Number.isFinite(value);
}
