import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { openKvStore } from "../../../packages/llama/src/kv/kv-store.ts";
import { ownerOf, rootKey, wantedPages } from "../../../packages/llama/src/kv/page-keys.ts";
import { findChain } from "../../../packages/llama/src/kv/find-chain.ts";
import { ScopeStore } from "../../../packages/llama/src/kv/scope-store.ts";
import { HotPages } from "../../../packages/llama/src/kv/hot-pages.ts";
import { someTokens, testLlama, testModel } from "../../../packages/llama/src/kv/testing.ts";
import { tinyModel } from "../../../packages/llama/src/testing/index.ts";
import { percentile, type Report } from "../report.ts";

const PREFIXES = 1_000;
const TOKENS = 2_000;
const SHARED = 0.6;
/** Prefixes that share their beginning. */
const GROUP = 20;
const SCOPE = "";

/** The tokens of a prefix: the first 60 % are those of its group. */
function prefix(number: number): readonly number[] {
  const shared = Math.floor(TOKENS * SHARED);
  const group = someTokens(shared, 1_000_000 + Math.floor(number / GROUP));
  return [...group, ...someTokens(TOKENS - shared, number + 1)];
}

/**
 * 1,000 prefixes of 2,000 tokens, 60 % of them shared: how long a look-up takes, in a process that has
 * seen none of them and in one that has, and what lies on disk beside the unique pages.
 */
export async function benchLookup(report: Report): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "memcube-lookup-"));
  const llama = await testLlama();
  try {
    const model = await testModel(llama, await tinyModel());
    const [sequence] = await model.sequences(1, { contextSize: 2_304 });
    if (sequence === undefined) throw new Error("no sequence");
    const store = await openKvStore({ directory });
    let prefilled = 0;
    for (let number = 0; number < PREFIXES; number += 1) {
      const filled = await store.fill(sequence, { scope: SCOPE, tokens: prefix(number) });
      prefilled += filled.prefilledTokens;
      await filled.saved;
    }
    const prefixes = await store.list();
    await store.close();
    const place = { directory, scope: SCOPE, hot: new HotPages(0), compress: false };
    const scope = await ScopeStore.open(place);
    const root = rootKey(ownerOf(sequence.identity), scope.salt);
    const lookUp = async (number: number) => {
      const started = performance.now();
      const { links } = await findChain(scope, wantedPages(root, prefix(number)));
      if (links.length !== Math.floor(TOKENS / 256)) throw new Error(`found ${links.length} pages`);
      return performance.now() - started;
    };
    for (const how of ["from disk", "known"]) {
      const times: number[] = [];
      for (let number = 0; number < PREFIXES; number += 1) times.push(await lookUp(number));
      const add = (metric: string, share: number) =>
        report({
          case: "lookup",
          subject: `memcube, ${how}`,
          metric,
          value: percentile(times, share),
          unit: "ms",
        });
      add("lookup_p50", 0.5);
      add("lookup_p99", 0.99);
    }
    const pages = prefilled / 256;
    const pageBytes = (prefixes[0]?.storedBytes ?? 0) / ((prefixes[0]?.tokens ?? 256) / 256);
    const ratio = (await bytesIn(directory)) / (pages * pageBytes);
    const stored = { case: "lookup", subject: "memcube", unit: "x" };
    report({ ...stored, metric: "stored_over_unique", value: ratio });
    report({ ...stored, metric: "pages", value: pages, unit: "pages" });
  } finally {
    await llama.dispose();
    await rm(directory, { recursive: true, force: true });
  }
}

async function bytesIn(directory: string): Promise<number> {
  let total = 0;
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) total += (await stat(join(entry.parentPath, entry.name))).size;
  }
  return total;
}
