import { setTimeout as delay } from "node:timers/promises";

import type { ClaimPlace } from "./claim-file.ts";
import type { Claims, Rival } from "./claims.ts";

/** Milliseconds of a page when nobody has measured one: a middling processor, a small model. */
const UNMEASURED_MS = 1_000;
/** Storing what is computed takes milliseconds; a store that takes longer is not waited for. */
const STORING_MS = 2_000;
/** A pace varies, and who is a little behind its own is not left just before the end. */
const SLACK = 1.25;
/** Another process is asked so often, or a fiftieth of what is at stake. */
const MIN_POLL_MS = 10;
const MAX_POLL_MS = 250;
/** Who computes beside somebody on the same processors is slower than alone, and so is the other. */
const SHARED_PROCESSORS = 2;

/** What one request has waited for others so far. */
export interface Patience {
  waitedMs: number;
  /** Pages that came meanwhile. */
  pages: number;
}

export interface WaitInput {
  readonly claims: Claims;
  readonly place: ClaimPlace;
  /** Keys of the missing pages, in their order. */
  readonly keys: readonly string[];
  /** Milliseconds that a page takes here; `undefined` when none was computed yet. */
  readonly ownPageMs: number | undefined;
  readonly patience: Patience;
  readonly signal?: AbortSignal | undefined;
  /** How many of the first of the pages are stored by now. */
  stored(): Promise<number>;
}

/**
 * Waits while somebody else computes the first missing pages, as long as that saves time: in all no longer
 * than computing them here would take, by the speed that was measured here, else there.
 *
 * @returns how many of the first pages are stored by now, and whether nobody computes the others
 */
export async function waitForRival(
  input: WaitInput,
): Promise<{ readonly stored: number; readonly isFree: boolean }> {
  const { claims, place, keys, patience, signal } = input;
  const before = patience.pages;
  for (;;) {
    signal?.throwIfAborted();
    const stored = await input.stored();
    const wanted = keys.slice(stored);
    const [next] = wanted;
    patience.pages = before + stored;
    if (next === undefined) return { stored, isFree: false };
    const rival = await claims.rival(place, next);
    // It has stored what it had in common with us, has given up, or is dead.
    if (rival === undefined) return { stored, isFree: true };
    const { leftMs, ownMs, pageMs } = outlook(rival, wanted, input.ownPageMs);
    const storingMs = leftMs === 0 ? STORING_MS : 0;
    const limitMs = SLACK * (ownMs + patience.pages * pageMs) + storingMs;
    const share = rival.sameHost ? SHARED_PROCESSORS : 1;
    if (leftMs > ownMs * share || patience.waitedMs >= limitMs) return { stored, isFree: false };
    const pollMs = Math.min(Math.max(ownMs / 50, MIN_POLL_MS), MAX_POLL_MS);
    const began = performance.now();
    await news(rival, Math.min(pollMs, limitMs - patience.waitedMs), signal);
    patience.waitedMs += performance.now() - began;
  }
}

/** What the rest of the common pages takes: until the rival has them, and when they are made here. */
function outlook(rival: Rival, wanted: readonly string[], ownPageMs: number | undefined) {
  const common = rival.keys.findIndex((key, at) => key !== wanted[at]);
  const pages = common === -1 ? rival.keys.length : common;
  const toCome = Math.max(0, pages - rival.done);
  const pageMs = ownPageMs ?? rival.pageMs ?? UNMEASURED_MS;
  return {
    leftMs: toCome * (rival.pageMs ?? pageMs),
    ownMs: pages * pageMs,
    pageMs,
  };
}

/** Until something happened, or for so long. @throws the signal's reason */
async function news(rival: Rival, ms: number, signal: AbortSignal | undefined): Promise<void> {
  const over = new AbortController();
  const signals = [over.signal, ...(signal === undefined ? [] : [signal])];
  const timer = delay(ms, undefined, { signal: AbortSignal.any(signals) }).catch(() => undefined);
  try {
    await Promise.race([timer, ...(rival.changed === undefined ? [] : [rival.changed])]);
  } finally {
    over.abort();
  }
  signal?.throwIfAborted();
}
