import type { Candidate } from "./candidate.ts";

/** Why a piece of input was not taken. Codes are never renamed; messages may change. */
export const REJECTION_CODES = {
  "unknown-shape": "no reader knows this shape",
  malformed: "the shape is known, but a field it needs is missing or has the wrong type",
  empty: "there is nothing in it to remember",
  "unknown-role": "the message's role is none of user, assistant, system, tool or their synonyms",
  "unknown-part": "the message has a part of an unknown type; the rest of it was taken",
  "bad-date": "the date can't be read or is out of range; the rest was taken without it",
  "bad-id": "the id is too long or has control characters; the rest was taken without it",
  "duplicate-id": "an earlier piece of the same input has this id; it was taken without a key",
  "bad-json": "the text is not JSON",
  "bad-encoding": "the bytes are not UTF-8",
  "not-json": "the value holds something that JSON has no form for",
  "unsafe-key": "the value has a key named __proto__",
  cyclic: "the value contains itself, or a message is its own ancestor",
  "too-deep": "the value is nested too deeply",
  "too-large": "the value or file has too many parts or bytes",
  "too-long": "the text has too many characters",
  "too-many": "the input has too many pieces; the rest was not read",
  unreadable: "reading a property of the value failed",
  "unsupported-file": "no parser knows this kind of file",
  "parser-failed": "the file's parser failed",
} as const;

export type RejectionCode = keyof typeof REJECTION_CODES;

/**
 * A piece of input that was not taken. A position below a candidate's own
 * (`messages[3].createdAt`) means that only that part was left out.
 */
export interface Rejection {
  readonly position: string;
  readonly code: RejectionCode;
  /** For people; holds no text of the input. */
  readonly message: string;
}

/** A piece left out on purpose, with nothing wrong about it. */
export interface Skip {
  readonly position: string;
  readonly reason: "hidden" | "silent" | "other-branch" | "no-message" | "blank";
}

/** What reading one piece of input gives. */
export type Outcome =
  | { readonly candidate: Candidate }
  | { readonly rejection: Rejection }
  | { readonly skip: Skip };

/** A rejection as an outcome; `message` defaults to the code's meaning. */
export function reject(position: string, code: RejectionCode, message?: string): Outcome {
  return { rejection: { position, code, message: message ?? REJECTION_CODES[code] } };
}

export function skip(position: string, reason: Skip["reason"]): Outcome {
  return { skip: { position, reason } };
}
