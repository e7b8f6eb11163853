import { stateChunks } from "./state-chunks.ts";
import { parseState } from "./state-file.ts";
import type { Link } from "./link.ts";
import { type KvPage, sameLayers } from "./page.ts";
import type { WantedPage } from "./page-keys.ts";
import type { ScopeStore } from "./scope-store.ts";
import type { ScratchPool } from "./scratch.ts";
import { type KvMiss, type KvSequence, type KvShape, PAGE_TOKENS } from "./types.ts";

/** Loads the pages of a chain as far as they are sound and fit each other. */
export async function loadChain(
  store: ScopeStore,
  wanted: readonly WantedPage[],
  links: readonly Link[],
  shape: KvShape,
): Promise<{ readonly pages: readonly KvPage[]; readonly reason?: KvMiss | undefined }> {
  const found = await Promise.all(
    links.map(async (link, at) => {
      const page = wanted[at];
      return page === undefined ? { miss: undefined } : await store.load(page, link);
    }),
  );
  const pages: KvPage[] = [];
  for (const each of found) {
    if ("miss" in each) return { pages, reason: each.miss };
    const [first = each.page] = pages;
    const fits = each.page.layers.length === shape.layers;
    if (!fits || !sameLayers(first.layers, each.page.layers)) {
      return { pages, reason: "shape-differs" };
    }
    pages.push(each.page);
  }
  return { pages };
}

/**
 * Puts verified pages into the sequence: written as one state file, whose structure is read back from
 * the file itself, and only then given to llama.cpp.
 */
export async function loadPages(
  sequence: KvSequence,
  pages: readonly KvPage[],
  pool: ScratchPool,
): Promise<KvMiss | undefined> {
  const chunks = stateChunks(pages, { streams: sequence.shape.streams });
  const scratch = await pool.write(chunks);
  if (scratch === undefined) return "scratch-failed";
  try {
    const parsed = parseState(await scratch.source());
    if (!parsed.ok || !holds(parsed.state.tokens, pages)) return "state-invalid";
    return (await loaded(sequence, scratch.path, pages)) ? undefined : "load-failed";
  } catch {
    return "scratch-failed";
  } finally {
    await pool.giveBack(scratch);
  }
}

async function loaded(
  sequence: KvSequence,
  path: string,
  pages: readonly KvPage[],
): Promise<boolean> {
  try {
    await sequence.loadState(path);
    if (holds(sequence.tokens(), pages)) return true;
  } catch {
    // What llama.cpp refuses leaves the sequence in no known state.
  }
  await sequence.truncate(0);
  return false;
}

function holds(tokens: ArrayLike<number>, pages: readonly KvPage[]): boolean {
  if (tokens.length !== pages.length * PAGE_TOKENS) return false;
  return pages.every((page) =>
    page.tokens.every((token, at) => token === tokens[page.position + at]),
  );
}
