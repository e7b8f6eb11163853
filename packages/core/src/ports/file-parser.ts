/** Reads files of other formats (PDF, office documents) into what the reader understands. */
export interface FileParser {
  /** Media types it reads, in lower case: `application/pdf`. */
  readonly mediaTypes: readonly string[];
  /** File extensions it reads, in lower case with the dot: `.pdf`. */
  readonly extensions: readonly string[];
  /** Returns any shape the reader takes: text, `{ text, title }`, messages, an array of these. */
  parse(bytes: Uint8Array, info: { readonly name?: string }): Promise<unknown>;
}
