/** Bounds of the reader, each with its reason. What goes past one is reported, never cut silently. */
export const READER_LIMITS = {
  /** Outcomes of one call: some 100 MB of candidates; a larger import is read file by file. */
  outcomes: 100_000,
  /** Characters of one document: twice the longest book that is sold as one volume. */
  documentChars: 8_000_000,
  /** Bytes of one file: decoded and parsed it needs several times as much heap. */
  fileBytes: 256 * 1_048_576,
  /** Parts of one message: a long agent run in one message has some hundreds. */
  messageParts: 1_000,
  /** Values inside one JSON value: stops small input that unfolds into a huge tree. */
  jsonNodes: 100_000,
  /** Characters of one line that is tried as JSON before a text counts as JSON lines. */
  probeChars: 1_000_000,
  /** Characters of a line that may be a heading. */
  headingChars: 512,
  /** Characters of a query that are read for hints. */
  queryChars: 4_096,
  /** Entities, and anchors, taken from one query. */
  queryHints: 32,
} as const;

/** Tokens a chunk of a document aims at; chunks have two to four thirds of it. */
export const DEFAULT_CHUNK_TOKENS = 300;
