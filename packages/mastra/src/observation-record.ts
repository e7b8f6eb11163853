import type { JsonObject } from "@memcube/core";
import type { ObservationalMemoryRecord } from "@mastra/core/storage";
import { z } from "zod";

const date = z.coerce.date();

const chunkSchema = z.object({
  id: z.string(),
  cycleId: z.string(),
  observations: z.string(),
  tokenCount: z.number(),
  messageIds: z.array(z.string()),
  messageTokens: z.number(),
  lastObservedAt: date,
  createdAt: date,
  suggestedContinuation: z.string().optional(),
  currentTask: z.string().optional(),
  threadTitle: z.string().optional(),
  extractedValues: z.record(z.string(), z.unknown()).optional(),
  extractionFailures: z.array(z.object({ slug: z.string(), error: z.string() })).optional(),
});

const recordSchema = z.looseObject({
  id: z.string(),
  scope: z.enum(["thread", "resource"]),
  threadId: z.string().nullable(),
  resourceId: z.string(),
  createdAt: date,
  updatedAt: date,
  lastObservedAt: date.optional(),
  originType: z.enum(["initial", "reflection"]),
  generationCount: z.number(),
  activeObservations: z.string(),
  bufferedObservationChunks: z.array(chunkSchema).optional(),
  observedMessageIds: z.array(z.string()).optional(),
  observedTimezone: z.string().optional(),
  totalTokensObserved: z.number(),
  observationTokenCount: z.number(),
  pendingMessageTokens: z.number(),
  isReflecting: z.boolean(),
  isObserving: z.boolean(),
  isBufferingObservation: z.boolean(),
  isBufferingReflection: z.boolean(),
  lastBufferedAtTokens: z.number(),
  // A date that is null is no date of 1970.
  lastBufferedAtTime: z.union([z.null(), date]),
  bufferedReflection: z.string().optional(),
  bufferedReflectionTokens: z.number().optional(),
  bufferedReflectionInputTokens: z.number().optional(),
  reflectedObservationLineCount: z.number().optional(),
  config: z.record(z.string(), z.unknown()),
  metadata: z.record(z.string(), z.unknown()).optional(),
});

/** A record as it was stored. */
export function toRecord(value: JsonObject): ObservationalMemoryRecord {
  return recordSchema.parse(value);
}

/** What observations are listed by: the thread, or all of a resource. */
export function observedTag(threadId: string | null, resourceId: string): string {
  return threadId === null ? `observed:resource:${resourceId}` : `observed:thread:${threadId}`;
}

/** The record as a value of a cube. */
export function toStored(record: ObservationalMemoryRecord) {
  const value = { ...record } as unknown as JsonObject;
  return { value, tags: [observedTag(record.threadId, record.resourceId)] };
}

/** A record that nothing was observed for yet, or that goes on from an earlier one. */
export function newRecord(
  named: Pick<
    ObservationalMemoryRecord,
    "id" | "scope" | "threadId" | "resourceId" | "config" | "observedTimezone"
  >,
  begun: Partial<ObservationalMemoryRecord> = {},
): ObservationalMemoryRecord {
  const now = new Date();
  return {
    createdAt: now,
    updatedAt: now,
    originType: "initial",
    generationCount: 0,
    activeObservations: "",
    totalTokensObserved: 0,
    observationTokenCount: 0,
    pendingMessageTokens: 0,
    isReflecting: false,
    isObserving: false,
    isBufferingObservation: false,
    isBufferingReflection: false,
    lastBufferedAtTokens: 0,
    lastBufferedAtTime: null,
    metadata: {},
    ...named,
    ...begun,
  };
}
