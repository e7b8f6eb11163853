import { type KvPage, pagesOf } from "./page.ts";
import type { StateOwner, WantedPage } from "./page-keys.ts";
import type { ScopeStore } from "./scope-store.ts";
import { openScratch } from "./scratch.ts";
import { bufferSource, parseState } from "./state-file.ts";
import { type KvSaved, type KvSequence, type KvUnsaved, PAGE_TOKENS } from "./types.ts";

/** Takes the pages from `from` on out of the sequence; checked like any other state. */
export async function takePages(
  sequence: KvSequence,
  wanted: readonly WantedPage[],
  from: number,
  folders: readonly string[],
): Promise<readonly KvPage[] | KvUnsaved> {
  const file = await savedState(sequence, folders);
  if (file === undefined) return "save-failed";
  const parsed = parseState(bufferSource(file));
  if (!parsed.ok || parsed.state.layers.length !== sequence.shape.layers) return "state-invalid";
  const { state } = parsed;
  const tokens = wanted.flatMap((page) => [...page.tokens]);
  if (!tokens.every((token, at) => token === state.tokens[at])) return "other-tokens";
  const pages: KvPage[] = [];
  for (const page of pagesOf(state, file, from)) {
    if (page.position >= wanted.length * PAGE_TOKENS) break;
    pages.push(page);
  }
  return pages;
}

async function savedState(
  sequence: KvSequence,
  folders: readonly string[],
): Promise<Buffer | undefined> {
  for (const folder of folders) {
    try {
      const scratch = await openScratch(folder);
      try {
        await sequence.saveState(scratch.path);
        return await scratch.read();
      } finally {
        await scratch.close();
      }
    } catch {
      // No room here: the next folder may have it.
    }
  }
  return undefined;
}

/** Stores pages one after the other, so that a chain never has a hole. */
export async function storePages(
  store: ScopeStore,
  pages: readonly (readonly [WantedPage, KvPage])[],
  about: { readonly owner: StateOwner; readonly costMs: number; readonly now: number },
): Promise<KvSaved & { readonly storedBytes: number }> {
  let storedBytes = 0;
  let writtenTokens = 0;
  let failed = false;
  for (const [wanted, page] of pages) {
    const stored = await store.store(wanted, page, about);
    storedBytes += stored.storedBytes;
    if (stored.failure === undefined) writtenTokens += PAGE_TOKENS;
    else failed = true;
  }
  return { writtenTokens, storedBytes, ...(failed ? { reason: "storage-failed" } : {}) };
}
