export type { Candidate } from "./candidate.ts";
export type { ReadResult } from "./collect.ts";
export type { Rejection, RejectionCode, Skip } from "./outcome.ts";
export { readFast } from "./read-fast.ts";
export { type FileDescription, readFile, type ReadFileOptions } from "./read-file.ts";
export { externalKeySchema, partKey, partOf } from "./part-key.ts";
export type { ReadOptions } from "./read-options.ts";
export { type MemoryCall, type MemoryIntent, readMemoryCall } from "./memory-call.ts";
export type { TimeRange } from "./time-expression.ts";
