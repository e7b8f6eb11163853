import { z } from "zod";

import { LIMITS } from "../../limits.ts";
import {
  canonicalJson,
  isBeneath,
  jsonValueSchema,
  pathKey,
  pathOf,
  type JsonObject,
  type JsonValue,
  type Path,
  type Payload,
} from "../../memory/index.ts";

const several = z.array(jsonValueSchema);
const operatorsSchema = z.strictObject({
  $eq: jsonValueSchema.optional(),
  $ne: jsonValueSchema.optional(),
  /** These four compare as numbers: what is none fits nothing. */
  $gt: jsonValueSchema.optional(),
  $gte: jsonValueSchema.optional(),
  $lt: jsonValueSchema.optional(),
  $lte: jsonValueSchema.optional(),
  $in: several.optional(),
  $nin: several.optional(),
});
type Operators = z.output<typeof operatorsSchema>;

const conditionSchema = jsonValueSchema.refine(
  (wanted) => !hasOperator(wanted) || operatorsSchema.safeParse(wanted).success,
  `operators are ${Object.keys(operatorsSchema.shape).join(", ")}, alone; $in and $nin take a list`,
);

/**
 * Conditions on the value of `json` memories: by field of the value, all of them. A plain value is
 * what the field must equal, whole and deep.
 */
export const whereSchema = z
  .record(z.string(), conditionSchema)
  .refine(
    (where) => JSON.stringify(where).length <= LIMITS.whereChars,
    `at most ${LIMITS.whereChars} characters as JSON`,
  );
export type Where = z.input<typeof whereSchema>;

/** The path of the values that are wanted: those beneath it. The empty one is above all that have a path. */
export const pathSchema = z
  .array(z.string().max(LIMITS.pathChars))
  .max(LIMITS.pathDepth)
  .readonly();

interface ValueFilter {
  readonly path?: Path | undefined;
  readonly where?: z.output<typeof whereSchema> | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly types?: readonly string[] | undefined;
}

/** What the storage and the index look at themselves, path and kind of value included. */
export function indexedFilter({ path, where, tags, types }: ValueFilter) {
  const isValue = path !== undefined || where !== undefined;
  const wanted = types?.filter((type) => type === "json") ?? ["json"];
  return {
    tags: path === undefined ? tags : [...(tags ?? []), pathKey(path)],
    types: isValue ? wanted : types,
  };
}

/** Tells whether a payload fits what no storage looks at; `undefined` when there is nothing left to tell. */
export function matcher({
  path,
  where,
}: Pick<ValueFilter, "path" | "where">): ((payload: Payload) => boolean) | undefined {
  if (path === undefined && where === undefined) return undefined;
  const conditions = Object.entries(where ?? {}).map(([field, wanted]) => ({
    field,
    fits: condition(wanted),
  }));
  return (payload) => {
    if (payload.type !== "json") return false;
    // A tag may look like a path's label: the path itself decides.
    if (path !== undefined && !isBeneath(pathOf(payload), path)) return false;
    return conditions.every(({ field, fits }) => fits(fieldOf(payload.value, field)));
  };
}

function fieldOf(value: JsonValue, field: string): JsonValue | undefined {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, field)) return undefined;
  return (value as { readonly [field: string]: JsonValue })[field];
}

type Fits = (value: JsonValue | undefined) => boolean;

function condition(wanted: JsonValue): Fits {
  if (!isOperators(wanted)) return (value) => isEqual(value, wanted);
  const checks = Object.entries(wanted).map(([operator, operand]): Fits => {
    const check = OPERATORS[operator as keyof Operators];
    return (value) => check(value, operand);
  });
  return (value) => checks.every((check) => check(value));
}

const OPERATORS: Readonly<
  Record<keyof Operators, (value: JsonValue | undefined, operand: JsonValue) => boolean>
> = {
  $eq: (value, operand) => isEqual(value, operand),
  $ne: (value, operand) => !isEqual(value, operand),
  $gt: (value, operand) => Number(value) > Number(operand),
  $gte: (value, operand) => Number(value) >= Number(operand),
  $lt: (value, operand) => Number(value) < Number(operand),
  $lte: (value, operand) => Number(value) <= Number(operand),
  $in: (value, operand) => isOneOf(value, operand),
  $nin: (value, operand) => !isOneOf(value, operand),
};

function isOneOf(value: JsonValue | undefined, list: JsonValue): boolean {
  return (list as readonly JsonValue[]).some((one) => isEqual(value, one));
}

function hasOperator(wanted: JsonValue): boolean {
  return isJsonObject(wanted) && Object.keys(wanted).some((key) => key.startsWith("$"));
}

/** Nothing but operators; the empty object is none of them and sets no condition. */
function isOperators(wanted: JsonValue): wanted is JsonObject {
  return isJsonObject(wanted) && (hasOperator(wanted) || Object.keys(wanted).length === 0);
}

function isJsonObject(value: JsonValue): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isEqual(value: JsonValue | undefined, other: JsonValue): boolean {
  if (typeof value !== "object" || typeof other !== "object") return value === other;
  if (value === null || other === null) return value === other;
  return canonicalJson(value) === canonicalJson(other);
}
