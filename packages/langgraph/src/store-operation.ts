import { LIMITS, parseInput } from "@memcube/core";
import type { Operation } from "@langchain/langgraph-checkpoint";
import { z } from "zod";

import { storableValue } from "./store-value.ts";

const text = z
  .string()
  .max(LIMITS.pathChars)
  .refine((value) => value.isWellFormed() && !value.includes("\0"), "must be storable text");
/** The item's key is the last level of its path. */
const namespace = z
  .array(text)
  .max(LIMITS.pathDepth - 1)
  .readonly();
const count = z.int().min(0);

const getSchema = z.object({ namespace, key: text });
const putSchema = z.object({
  namespace,
  key: text,
  value: z.unknown(),
  index: z.union([z.literal(false), z.array(z.string())]).nullish(),
});
const searchSchema = z.object({
  namespacePrefix: namespace,
  /** Judged by the core. */
  filter: z.record(z.string(), z.unknown()).nullish(),
  limit: count.nullish(),
  offset: count.nullish(),
  query: z.string().nullish(),
});
const listSchema = z.object({
  matchConditions: z
    .array(z.object({ matchType: z.enum(["prefix", "suffix"]), path: z.array(z.string()) }))
    .nullish(),
  maxDepth: z.int().min(1).nullish(),
  limit: count.nullish(),
  offset: count.nullish(),
});

export type Get = z.output<typeof getSchema>;
export type Put = z.output<typeof putSchema>;
export type Search = z.output<typeof searchSchema>;
export type List = z.output<typeof listSchema>;

/** An operation of a batch, told apart as `InMemoryStore` does. */
export type StoreOperation =
  | { readonly kind: "get"; readonly operation: Get }
  | { readonly kind: "put"; readonly operation: Put }
  | { readonly kind: "search"; readonly operation: Search }
  | { readonly kind: "list"; readonly operation: List };

/** @throws MemCubeError `MEMCUBE_INVALID_INPUT`: before anything of the batch is done */
export function readOperation(raw: Operation): StoreOperation {
  if ("namespacePrefix" in raw) {
    return { kind: "search", operation: parseInput(searchSchema, raw, "search") };
  }
  if ("value" in raw) {
    const put = parseInput(putSchema, raw, "put");
    return { kind: "put", operation: { ...put, value: storableValue(raw.value) } };
  }
  if ("key" in raw) return { kind: "get", operation: parseInput(getSchema, raw, "get") };
  return { kind: "list", operation: parseInput(listSchema, raw, "listNamespaces") };
}

/** The namespace an operation is about: whose memory it concerns may depend on it. */
export function namespaceOf({ kind, operation }: StoreOperation): readonly string[] {
  if (kind === "search") return operation.namespacePrefix;
  return kind === "list" ? literalPrefix(operation) : operation.namespace;
}

/** What all namespaces of a listing begin with, as far as its first prefix says. */
export function literalPrefix({ matchConditions }: List): readonly string[] {
  const prefix = matchConditions?.find(({ matchType }) => matchType === "prefix")?.path ?? [];
  const wildcard = prefix.indexOf("*");
  return wildcard === -1 ? prefix : prefix.slice(0, wildcard);
}
