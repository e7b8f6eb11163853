/** Text, or bytes where the text is of a common form. Not for what is ordered by its text. */
export type Compact = string | Uint8Array;

const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/u;

/** An id as it is stored: of a UUID its 16 bytes. */
export function compactId(id: string): Compact {
  return UUID.test(id) ? Buffer.from(id.replaceAll("-", ""), "hex") : id;
}

/** The id again. */
export function fullId(stored: Compact): string {
  if (typeof stored === "string") return stored;
  const hex = hexOf(stored);
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)];
  return `${parts.join("-")}-${hex.slice(20)}`;
}

const HASH = /^[\da-f]{32}$/u;
const HASH_BYTES = 16;

/** Hashes as they are stored: those of 128 bits as their bytes, others joined by spaces. */
export function compactHashes(hashes: readonly string[]): Compact {
  return hashes.every((hash) => HASH.test(hash))
    ? Buffer.from(hashes.join(""), "hex")
    : hashes.join(" ");
}

/** The hashes again. */
export function fullHashes(stored: Compact): readonly string[] {
  if (typeof stored === "string") return stored.split(" ");
  const hex = hexOf(stored);
  return Array.from({ length: stored.length / HASH_BYTES }, (_, at) =>
    hex.slice(at * 2 * HASH_BYTES, (at + 1) * 2 * HASH_BYTES),
  );
}

function hexOf({ buffer, byteOffset, length }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, length).toString("hex");
}
