import { canonicalJson } from "@memcube/core";
import { createHmac, timingSafeEqual } from "node:crypto";
import { z } from "zod";

import type { WantedPage } from "./page-keys.ts";
import { ints } from "./state-chunks.ts";
import { PAGE_TOKENS } from "./types.ts";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const linkSchema = z.strictObject({
  format: z.literal(1),
  /** What the page is the state of: see `page-keys.ts`. */
  key: sha256,
  parent: sha256,
  position: z.int().min(0),
  /** Little-endian 32-bit integers. */
  tokens: z.base64().length(Math.ceil((PAGE_TOKENS * 4) / 3) * 4),
  /** SHA-256 of the bytes as they are stored. */
  page: sha256,
  coding: z.enum(["none", "zstd"]),
  /** Bytes as they are stored, and without coding. */
  storedBytes: z.int().min(1),
  sizeBytes: z.int().min(1),
  /** Milliseconds that computing the page took. */
  costMs: z.number().min(0),
  /** Milliseconds since the epoch. */
  createdAt: z.int().min(0),
  /** What the state belongs to; its digest is in the key. */
  owner: z.strictObject({
    modelSha256: sha256,
    engineKey: z.string().min(1),
    lora: z.array(z.strictObject({ sha256, scale: z.number() })).readonly(),
  }),
});

/**
 * From an input key to the content that was stored for it. It is kept apart from the content, and
 * signed with the scope's salt: a link that was swapped, edited or made by somebody else is none.
 */
export type Link = Readonly<z.infer<typeof linkSchema>>;

const signedSchema = z.strictObject({ link: linkSchema, signature: sha256 });

export type NewLink = Omit<Link, "format" | "key" | "parent" | "position" | "tokens">;

export function linkOf({ key, parent, position, tokens }: WantedPage, rest: NewLink): Link {
  const encoded = ints(tokens).toString("base64");
  return { format: 1, key, parent, position, tokens: encoded, ...rest };
}

export function encodeLink(link: Link, salt: Uint8Array): string {
  return JSON.stringify({ link, signature: sign(link, salt) });
}

/** The link in a file; `undefined` when it is not one signed with this salt. */
export function decodeLink(text: string, salt: Uint8Array): Link | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = signedSchema.safeParse(value);
  if (!parsed.success) return undefined;
  const { link, signature } = parsed.data;
  const expected = Buffer.from(sign(link, salt), "hex");
  return timingSafeEqual(expected, Buffer.from(signature, "hex")) ? link : undefined;
}

function sign(link: Link, salt: Uint8Array): string {
  return createHmac("sha256", salt).update(canonicalJson(link)).digest("hex");
}

/** Whether a link is that of a page; a key that collides would have other tokens. */
export function isLinkOf(link: Link, page: WantedPage): boolean {
  const tokens = Buffer.from(link.tokens, "base64");
  return (
    link.key === page.key &&
    link.parent === page.parent &&
    link.position === page.position &&
    tokens.equals(ints(page.tokens))
  );
}

/** Tokens of a link's page. */
export function tokensOf(link: Link): Int32Array {
  const bytes = Buffer.from(link.tokens, "base64");
  return Int32Array.from({ length: PAGE_TOKENS }, (_, at) => bytes.readInt32LE(at * 4));
}
