import { z } from "zod";

import { edgeSchema, type Edge } from "./edges.ts";
import { memoryHeaderSchema, type MemoryHeader, type UsageView } from "./header.ts";
import { payloadSchema, type Payload } from "./payload/index.ts";

/** Where a version stands: its number and the half-open range of the log in which it was current. */
export interface VersionInfo {
  /** 1 for the first version. */
  readonly number: number;
  /** First sequence number of the cube's log at which it was current. */
  readonly fromSeq: number;
  /** Sequence number at which it was replaced; `undefined` while it is current. */
  readonly toSeq?: number;
  /** SHA-256 (hex) over the version's salt and content; the log holds the same value. */
  readonly commitment: string;
}

/** The unit of the system: one header, one payload, one version (MemOS 2507.03724 figure 6). */
export interface Memory<P extends Payload = Payload> {
  readonly header: MemoryHeader;
  readonly payload: P;
  readonly edges: readonly Edge[];
  readonly version: VersionInfo;
  /** Present when it was asked for; see {@link UsageView}. */
  readonly usage?: UsageView;
}

/** The content that a version consists of: what is committed to, kept, replaced and erased. */
export const memoryContentSchema = z.strictObject({
  header: memoryHeaderSchema,
  payload: payloadSchema,
  edges: z.array(edgeSchema),
  /** Why this version was written, in the writer's words. Payload, so that it can be erased. */
  note: z.string().optional(),
});

export interface MemoryContent {
  readonly header: MemoryHeader;
  readonly payload: Payload;
  readonly edges: readonly Edge[];
  readonly note?: string;
}
