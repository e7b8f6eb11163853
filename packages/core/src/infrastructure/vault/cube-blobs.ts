import { isMemCubeError } from "../../errors.ts";
import { LIMITS } from "../../limits.ts";
import { MEMORY_STATES, sha256Hex, type CubeRef, type Payload } from "../../memory/index.ts";
import type { BlobStore, StoredVersion, Vault } from "../../ports/index.ts";
import { toMemory } from "./stored.ts";

/** Bytes before the content: a magic and the digest of the cube's id. */
const MAGIC = new TextEncoder().encode("MCBLOB1\n");
const PREFIX_BYTES = MAGIC.length + 32;

interface Places {
  readonly vault: Vault;
  readonly blobs: BlobStore;
}

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

/** Blobs of all versions in hot storage of a memory that keeps a state or LoRA. */
export async function blobsOfMemory(vault: Vault, ref: CubeRef, id: string): Promise<string[]> {
  const access = { system: "write" } as const;
  const [current] = await vault.read(ref, { ids: [id], access });
  if (current === undefined || !mayHaveBlobs(current.content)) return [];
  const versions = await vault.versions(ref, { id, access, limit: LIMITS.pageRows });
  return [...new Set([current, ...versions].flatMap((each) => blobsOfStored(ref, each)))];
}

/** Whether a stored content may point to blobs: cheap, and never false when it does. */
export function mayHaveBlobs(content: string): boolean {
  return content.includes('"kv-state"') || content.includes('"lora"');
}

function blobsOfStored(ref: CubeRef, stored: StoredVersion): readonly string[] {
  try {
    return blobsOf(toMemory(ref, stored).payload);
  } catch (error) {
    if (isMemCubeError(error, "MEMCUBE_STORAGE_DAMAGED")) return [];
    throw error;
  }
}

/** Every blob that states and LoRAs of the cube point to, older versions in hot storage included. */
export async function stateBlobs(vault: Vault, ref: CubeRef): Promise<ReadonlySet<string>> {
  const used = new Set<string>();
  const access = { system: "write" } as const;
  const filter = { kinds: ["activation", "parameter"], states: MEMORY_STATES } as const;
  let cursor: string | undefined;
  do {
    const page = await vault.list(ref, {
      access,
      filter,
      order: "oldest",
      limit: LIMITS.pageRows,
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const { id } of page.items) {
      for (const blob of await blobsOfMemory(vault, ref, id)) used.add(blob);
    }
    ({ cursor } = page);
  } while (cursor !== undefined);
  return used;
}

/** Deletes those of the blobs that nothing in the cube points to. */
export async function dropUnusedBlobs(
  { vault, blobs }: Places,
  ref: CubeRef,
  hashes: readonly string[],
): Promise<void> {
  if (hashes.length === 0) return;
  const segments = (await vault.segments(ref)).map(({ blob }) => blob);
  const used = new Set([...segments, ...(await stateBlobs(vault, ref))]);
  for (const hash of hashes) if (!used.has(hash)) await blobs.delete(ref.tenantId, hash);
}
