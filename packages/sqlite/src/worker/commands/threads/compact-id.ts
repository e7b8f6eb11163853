const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/u;

/** An id as it is stored where nothing is ordered by it: of a UUID its 16 bytes, of others the text. */
export function compactId(id: string): string | Uint8Array {
  return UUID.test(id) ? Buffer.from(id.replaceAll("-", ""), "hex") : id;
}

/** The id again. */
export function fullId(stored: string | Uint8Array): string {
  if (typeof stored === "string") return stored;
  const hex = Buffer.from(stored).toString("hex");
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)];
  return [...parts, hex.slice(20)].join("-");
}
