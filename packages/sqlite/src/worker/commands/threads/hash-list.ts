/** Hashes as one text; they hold no space. */
export function joinHashes(hashes: readonly string[]): string {
  return hashes.join(" ");
}

export function splitHashes(text: string): readonly string[] {
  return text === "" ? [] : text.split(" ");
}
