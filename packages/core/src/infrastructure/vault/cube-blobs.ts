import { isMemCubeError } from "../../errors.ts";
import { LIMITS } from "../../limits.ts";
import { MEMORY_STATES, sha256Hex, type CubeRef, type Payload } from "../../memory/index.ts";
import type { BlobStore, StoredVersion, Vault } from "../../ports/index.ts";
import { type Places, readSegments } from "./history.ts";
import { toMemory } from "./stored.ts";

/** Bytes before the content: a magic and the digest of the cube's id. */
const MAGIC = new TextEncoder().encode("MCBLOB1\n");
const PREFIX_BYTES = MAGIC.length + 32;

/**
 * The bytes as a blob of this cube alone: the same content in another cube is another blob. So who points
 * to a blob is known by looking at one cube, and no cube can tell what another one holds.
 */
export function cubeBlob({ cubeId }: CubeRef, content: Uint8Array): Uint8Array {
  const blob = new Uint8Array(PREFIX_BYTES + content.length);
  blob.set(MAGIC);
  blob.set(Buffer.from(sha256Hex(cubeId), "hex"), MAGIC.length);
  blob.set(content, PREFIX_BYTES);
  return blob;
}

/** Digest of a name, before the content that is kept under it. */
const OWN_BYTES = 32;

/**
 * Content as a blob of its own: kept again under another name it is another blob. So whoever erases one
 * takes the bytes of none that is being kept at the same moment.
 */
export function ownContent(name: string, content: Uint8Array): Uint8Array {
  const own = new Uint8Array(OWN_BYTES + content.length);
  own.set(Buffer.from(sha256Hex(name), "hex"));
  own.set(content, OWN_BYTES);
  return own;
}

/** What was given to {@link ownContent}. */
export function withoutName(own: Uint8Array): Uint8Array {
  return own.subarray(OWN_BYTES);
}

/** @returns the content, or why there is none */
export async function readCubeBlob(
  blobs: BlobStore,
  ref: CubeRef,
  hash: string,
): Promise<Uint8Array | "bytes-missing" | "bytes-damaged"> {
  try {
    const blob = await blobs.get(ref.tenantId, hash);
    // One of another cube is not there, whoever points to it.
    return blob === undefined || !isOfCube(blob, ref)
      ? "bytes-missing"
      : blob.subarray(PREFIX_BYTES);
  } catch (error) {
    if (isMemCubeError(error, "MEMCUBE_BLOB_DAMAGED")) return "bytes-damaged";
    throw error;
  }
}

function isOfCube(blob: Uint8Array, ref: CubeRef): boolean {
  const prefix = cubeBlob(ref, new Uint8Array());
  return prefix.every((byte, at) => byte === blob[at]);
}

/** Blobs that a payload points to. */
export function blobsOf(payload: Payload): readonly string[] {
  if (payload.type === "kv-state") return payload.pages;
  return payload.type === "lora" ? [payload.file] : [];
}

/** Blobs of all versions of a memory that keeps a state or LoRA, also of those in history segments. */
export async function blobsOfMemory(
  places: Places,
  ref: CubeRef,
  id: string,
): Promise<readonly string[]> {
  const { blobs, hasArchived } = await hotBlobs(places.vault, ref, id);
  const archived = hasArchived ? archivedBlobs(places, ref, new Set([id])) : [];
  const found = new Set(blobs);
  for await (const blob of archived) found.add(blob);
  return [...found];
}

/** What versions in hot storage say about the blobs of a memory. */
interface HotBlobs {
  readonly blobs: ReadonlySet<string>;
  /**
   * Whether there may be others in history segments. Each version of a KV state points to the same pages,
   * so only a LoRA has them.
   */
  readonly hasArchived: boolean;
}

async function hotBlobs(vault: Vault, ref: CubeRef, id: string): Promise<HotBlobs> {
  const access = { system: "write" } as const;
  const limit = LIMITS.pageRows;
  const [current] = await vault.read(ref, { ids: [id], access });
  if (current === undefined || !mayHaveBlobs(current.content)) {
    return { blobs: new Set(), hasArchived: false };
  }
  const blobs = new Set(blobsOfVersion(ref, current));
  const isLora = current.content.includes('"type":"lora"');
  let oldest = current.version;
  for (;;) {
    const page = await vault.versions(ref, { id, access, limit, below: oldest });
    for (const version of page) for (const blob of blobsOfVersion(ref, version)) blobs.add(blob);
    oldest = page.at(-1)?.version ?? oldest;
    if (page.length < limit) return { blobs, hasArchived: isLora && oldest > 1 };
  }
}

/** Whether a stored content may point to blobs: cheap, and never false when it does. */
export function mayHaveBlobs(content: string): boolean {
  return content.includes('"kv-state"') || content.includes('"lora"');
}

/** Blobs that a version points to; none when it can't be read. */
function blobsOfVersion(ref: CubeRef, stored: StoredVersion): readonly string[] {
  if (!mayHaveBlobs(stored.content)) return [];
  try {
    return blobsOf(toMemory(ref, stored).payload);
  } catch (error) {
    if (isMemCubeError(error, "MEMCUBE_STORAGE_DAMAGED")) return [];
    throw error;
  }
}

/** Blobs that states and LoRAs of the cube point to. */
interface StateBlobs {
  /** By versions in hot storage. */
  readonly used: ReadonlySet<string>;
  /** Those of them with older versions in history segments. */
  readonly withArchived: ReadonlySet<string>;
}

async function stateBlobs(vault: Vault, ref: CubeRef): Promise<StateBlobs> {
  const used = new Set<string>();
  const withArchived = new Set<string>();
  const access = { system: "write" } as const;
  const limit = LIMITS.pageRows;
  const filter = { kinds: ["activation", "parameter"], states: MEMORY_STATES } as const;
  let cursor: string | undefined;
  do {
    const from = cursor === undefined ? {} : { cursor };
    const page = await vault.list(ref, { access, filter, order: "oldest", limit, ...from });
    for (const { id } of page.items) {
      const { blobs, hasArchived } = await hotBlobs(vault, ref, id);
      for (const blob of blobs) used.add(blob);
      if (hasArchived) withArchived.add(id);
    }
    ({ cursor } = page);
  } while (cursor !== undefined);
  return { used, withArchived };
}

/** Every blob of a cube: its history segments, and what states and LoRAs of any version point to. */
export async function blobsOfCube(places: Places, ref: CubeRef): Promise<readonly string[]> {
  const segments = (await places.vault.segments(ref)).map(({ blob }) => blob);
  const { used, withArchived } = await stateBlobs(places.vault, ref);
  const blobs = new Set([...segments, ...used]);
  for await (const blob of archivedBlobs(places, ref, withArchived)) blobs.add(blob);
  return [...blobs];
}

/**
 * Deletes those of the blobs that no segment and no version of a memory in the cube points to. What a
 * lost segment pointed to can't be rolled back to and keeps nothing.
 */
export async function dropUnusedBlobs(
  places: Places,
  ref: CubeRef,
  hashes: readonly string[],
): Promise<void> {
  if (hashes.length === 0) return;
  const { vault, blobs } = places;
  const unused = new Set(hashes);
  for (const { blob } of await vault.segments(ref)) unused.delete(blob);
  const { used, withArchived } = await stateBlobs(vault, ref);
  for (const blob of used) unused.delete(blob);
  if (unused.size === 0) return;
  // Hot storage first: a version moves to a segment, never back.
  for await (const blob of archivedBlobs(places, ref, withArchived)) unused.delete(blob);
  for (const hash of unused) await blobs.delete(ref.tenantId, hash);
}

/** Blobs that versions of these memories in history segments point to. */
async function* archivedBlobs(
  places: Places,
  ref: CubeRef,
  ids: ReadonlySet<string>,
): AsyncGenerator<string> {
  if (ids.size === 0) return;
  for await (const { versions } of readSegments(places, ref, 0, () => undefined)) {
    for (const version of versions) if (ids.has(version.id)) yield* blobsOfVersion(ref, version);
  }
}
