import { LIMITS } from "../limits.ts";
import { edgeSchema } from "./edges.ts";
import {
  MEMORY_KINDS,
  MEMORY_STATES,
  memoryHeaderSchema,
  SENSITIVITIES,
  type MemoryHeader,
} from "./header.ts";
import { memoryContentSchema, type MemoryContent } from "./memory.ts";
import { payloadSchema } from "./payload/index.ts";

/**
 * Reads the stored JSON of a version: what `memoryContentSchema` accepts and gives, at a third of its
 * cost. Every memory that is found is read here.
 *
 * @throws SyntaxError when it is no JSON, a ZodError when it is no content
 */
export function readContent(json: string): MemoryContent {
  const value: unknown = JSON.parse(json);
  return readUsual(value) ?? memoryContentSchema.parse(value);
}

type Fields = Readonly<Record<string, unknown>>;

/** `undefined` for what is not certain to be content: the schema then says what is wrong with it. */
function readUsual(value: unknown): MemoryContent | undefined {
  if (!isFields(value) || Object.keys(value).some((key) => !CONTENT_KEYS.has(key)))
    return undefined;
  const { header, payload, edges, note } = value;
  const readHeader = isFields(header) ? readUsualHeader(header) : undefined;
  if (readHeader === undefined) return undefined;
  const readPayload = payloadSchema.safeParse(payload);
  const readEdges = isEmpty(edges) ? { success: true, data: [] } : EDGES.safeParse(edges);
  const isNote = note === undefined || typeof note === "string";
  if (!readPayload.success || !readEdges.success || !isNote) return undefined;
  return {
    header: readHeader,
    payload: readPayload.data,
    edges: readEdges.data,
    ...(note === undefined ? {} : { note }),
  };
}

function readUsualHeader(fields: Fields): MemoryHeader | undefined {
  const header: Record<string, unknown> = {};
  let left = Object.keys(fields).length;
  for (const { key, isUsual, schema, required } of HEADER_FIELDS) {
    const value = fields[key];
    if (value === undefined) {
      if (required) return undefined;
      continue;
    }
    left--;
    if (isUsual(value)) {
      header[key] = value;
      continue;
    }
    const read = schema.safeParse(value);
    if (!read.success) return undefined;
    header[key] = read.data;
  }
  return left === 0 ? (header as unknown as MemoryHeader) : undefined;
}

type IsUsual = (value: unknown) => boolean;

/** The schema counts code points: no more than `length`, and of a string that is not empty at least one. */
const isText =
  (least: 0 | 1, most: number): IsUsual =>
  (value) =>
    typeof value === "string" && value.length >= least && value.length <= most;
const isOneOf = (names: readonly string[]): IsUsual => {
  const known = new Set<unknown>(names);
  return (value) => known.has(value);
};
const isLike =
  (pattern: RegExp): IsUsual =>
  (value) =>
    typeof value === "string" && pattern.test(value);
const isWhole =
  (least: number, most: number): IsUsual =>
  (value) =>
    Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
const isListOf =
  (isElement: IsUsual, most: number): IsUsual =>
  (value) =>
    Array.isArray(value) && value.length <= most && value.every(isElement);
const isEmpty = isListOf(() => false, 0);
const isRare: IsUsual = () => false;

/** Of printable ASCII: any other id is for the schema to judge. */
const PRINTABLE_ID = /^[ -~]{1,256}$/;
const isId: IsUsual = (value) =>
  typeof value === "string" && PRINTABLE_ID.test(value) && value !== "@cube";
const isPrincipal = isLike(/^(?:user|role|agent):[ -~]{1,256}$/);
const isTime = isWhole(0, Number.MAX_SAFE_INTEGER);
const isLabels = isListOf(isText(1, LIMITS.idChars), LIMITS.labels);
const isPrincipals = isListOf(isPrincipal, LIMITS.listedPrincipals);

/** INVARIANT: what a check accepts, the schema of the field accepts and leaves as it is. */
const USUAL: Readonly<Record<keyof MemoryHeader, IsUsual>> = {
  id: isId,
  tenantId: isId,
  cubeId: isId,
  kind: isOneOf(MEMORY_KINDS),
  type: isText(1, 64),
  sources: isEmpty,
  externalKey: isId,
  tags: isLabels,
  entities: isLabels,
  topic: isListOf(isText(1, LIMITS.idChars), LIMITS.topicDepth),
  language: isLike(/^[a-z]{2,16}$/),
  createdAt: isTime,
  updatedAt: isTime,
  validFrom: isRare,
  validTo: isRare,
  credibility: (value) => typeof value === "number" && value >= 0 && value <= 1,
  fingerprint: isLike(/^[0-9a-f]{64}$/),
  owner: isPrincipal,
  allow: isPrincipals,
  deny: isPrincipals,
  state: isOneOf(MEMORY_STATES),
  frozen: (value) => typeof value === "boolean",
  expiresAt: isTime,
  retentionMs: isTime,
  priority: isWhole(-100, 100),
  sensitivity: isOneOf(SENSITIVITIES),
  licence: isText(0, LIMITS.idChars),
  activation: isRare,
};

/** In the schema's order, which is that of its output. */
const HEADER_FIELDS = Object.entries(memoryHeaderSchema.shape).map(([key, schema]) => ({
  key,
  schema,
  isUsual: USUAL[key as keyof MemoryHeader],
  required: !schema.safeParse(undefined).success,
}));

const EDGES = edgeSchema.array();
const CONTENT_KEYS: ReadonlySet<string> = new Set(Object.keys(memoryContentSchema.shape));

/** An object of `JSON.parse`; not a list. */
function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
