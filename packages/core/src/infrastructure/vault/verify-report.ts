import type { Position } from "../../flow/index.ts";
import type { Signer } from "../../ports/index.ts";

export type VerifyProblemCode =
  | "commit-missing"
  | "commit-altered"
  | "commit-unreadable"
  | "commit-foreign"
  | "link-broken"
  | "time-goes-back"
  | "head-mismatch"
  | "seal-missing"
  | "seal-altered"
  | "seal-unsigned"
  | "signature-invalid"
  | "version-missing"
  | "version-altered"
  | "version-unknown"
  | "index-altered"
  | "segment-damaged"
  | "archived-unsealed"
  | "seal-overdue"
  | "position-not-in-log";

/**
 * Something that does not agree. `index-altered`: what is kept beside a version (class, kind, state,
 * where it ends) is not what its content and the log say. `archived-unsealed`: commits lie in history
 * segments beyond the last seal, though only sealed ones are moved: seals were removed.
 * `seal-overdue`: so many commits over so long a time are always sealed.
 */
export interface VerifyProblem {
  readonly code: VerifyProblemCode;
  readonly seq?: number;
  readonly memoryId?: string;
  readonly version?: number;
}

export interface VerifyReport {
  readonly ok: boolean;
  readonly problems: readonly VerifyProblem[];
  readonly commits: number;
  readonly versions: number;
  /** The log is sealed up to this commit. */
  readonly sealedTo: number;
  /** Commits that no seal covers yet: their order rests on the storage's links alone. */
  readonly unsealed?: { readonly from: number; readonly to: number };
  readonly position: Position;
}

export interface VerifyOptions {
  readonly signer?: Signer;
  /** A position kept elsewhere: must still be part of this log. */
  readonly expect?: Position;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}
