import { MemCubeError } from "../../errors.ts";
import {
  canonicalJson,
  pathOf,
  payloadSchema,
  type Edge,
  type MemoryContent,
  type Path,
  type Payload,
} from "../../memory/index.ts";

/** How an update meets what is there. */
export type UpdateMode = "append" | "merge" | "overwrite";

/** What an update may change of a payload: its text, some of its fields, or all of it. */
export interface PayloadPatch {
  readonly text?: string;
  /** Fields of the payload; with `overwrite` the whole new payload. */
  readonly payload?: Readonly<Record<string, unknown>>;
}

/**
 * The payload after an update. `append` adds text below what is there, `merge` replaces the named
 * fields, `overwrite` replaces the payload (by `payload`, or by a text of the same type). The original of
 * a turn goes when the turn says or does something else without a new one.
 *
 * @throws MemCubeError `MEMCUBE_INVALID_INPUT` when the result is not a valid payload
 */
export function patchPayload(current: Payload, patch: PayloadPatch, mode: UpdateMode): Payload {
  const { text, payload } = patch;
  let next: Record<string, unknown>;
  if (mode === "overwrite" && payload !== undefined) {
    next = { ...payload, type: payload["type"] ?? current.type };
  } else {
    next = { ...current, ...payload };
  }
  if (text !== undefined) {
    const before = mode === "append" && "text" in current ? current.text : undefined;
    next["text"] = before === undefined || before === "" ? text : `${before}\n${text}`;
  }
  if (payload?.["original"] === undefined && says(next) !== says(current)) delete next["original"];
  const path = pathOf(current);
  if (next["type"] === "json") next["path"] ??= path;
  const parsed = payloadSchema.safeParse(next);
  if (parsed.success) {
    assertSamePath(path, pathOf(parsed.data));
    return parsed.data;
  }
  const issue = parsed.error.issues[0];
  throw new MemCubeError(
    "MEMCUBE_INVALID_INPUT",
    `The update gives no valid ${String(next["type"])} payload: ${issue?.message ?? "unknown"}.`,
    { details: { path: issue?.path ?? [] }, cause: parsed.error },
  );
}

/** All that a payload tells, as text to compare: not where it stands, nor in what form it came. */
function says(payload: object): string {
  const { original: _, order: __, sessionId: ___, ...told } = payload as Record<string, unknown>;
  return JSON.stringify(Object.entries(told).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** A path is what others know the value by, like an id. @throws MemCubeError `MEMCUBE_INVALID_INPUT` */
function assertSamePath(before: Path | undefined, after: Path | undefined): void {
  if (after === undefined || canonicalJson(after) === canonicalJson(before ?? null)) return;
  throw new MemCubeError(
    "MEMCUBE_INVALID_INPUT",
    "The path of a value can't be changed. Add the value at the other path and forget this one.",
  );
}

/** Labels after an update: `overwrite` replaces, the others add. */
export function patchLabels(
  current: readonly string[],
  patch: readonly string[] | undefined,
  mode: UpdateMode,
): string[] {
  if (patch === undefined) return [...current];
  return mode === "overwrite" ? [...new Set(patch)] : [...new Set([...current, ...patch])];
}

/**
 * Edges after an update: `overwrite` replaces, the others add. An edge of the same type to the same
 * version of the same memory is the same edge: the later one's weight counts.
 */
export function patchEdges(
  current: readonly Edge[],
  patch: readonly Edge[] | undefined,
  mode: UpdateMode,
): Edge[] {
  if (patch === undefined) return [...current];
  const edges = new Map<string, Edge>();
  for (const edge of mode === "overwrite" ? patch : [...current, ...patch]) {
    const { type, to, toVersion } = edge;
    edges.set(JSON.stringify([type, to.cubeId, to.id, toVersion ?? null]), edge);
  }
  return [...edges.values()];
}

/**
 * Whether two contents say the same, whatever their times. That an update would wake a memory up
 * (`generated` becomes `activated`) is no change by itself.
 */
export function sameContent(a: MemoryContent, b: MemoryContent): boolean {
  const strip = ({ header, payload, edges }: MemoryContent) =>
    canonicalJson([{ ...header, updatedAt: 0, state: "" }, payload, edges]);
  return strip(a) === strip(b);
}
