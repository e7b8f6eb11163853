import { parseArgs } from "node:util";

import { benchAiSdkLatency } from "./adapters/ai-sdk-latency.ts";
import { benchAiSdkDisconnect, benchAiSdkMemory } from "./adapters/ai-sdk-streams.ts";
import { benchCutHistory } from "./adapters/cut-history.ts";
import { benchColdStart } from "./core/cold-start.ts";
import { benchCrash } from "./core/crash.ts";
import { benchDurableAdd } from "./core/durable-add.ts";
import { benchLocomo } from "./core/locomo.ts";
import { benchManyCubes } from "./core/many-cubes.ts";
import { benchSearchLarge } from "./core/search-large.ts";
import { benchSearchPeers } from "./core/search-peers.ts";
import { benchSequentialGraph, benchThreadGrowth } from "./langgraph/saver-graphs.ts";
import { benchSaverRoundTrips } from "./langgraph/saver-round-trips.ts";
import { benchSaverTurns } from "./langgraph/saver-turns.ts";
import { benchSaver } from "./langgraph/saver.ts";
import { benchStore } from "./langgraph/store.ts";
import { benchDamage, benchDamagedFiles } from "./kv/damage.ts";
import { benchExactness } from "./kv/exactness.ts";
import { benchLookup } from "./kv/lookup.ts";
import { benchPlan, benchPlans } from "./kv/plan.ts";
import { benchSharing } from "./kv/sharing.ts";
import { benchTtft } from "./kv/ttft.ts";
import { benchBatchAdd } from "./redis/batch-add.ts";
import { benchKills } from "./redis/kills.ts";
import { benchLiveMemory } from "./redis/live-memory.ts";
import { benchLocalSearch } from "./redis/local-search.ts";
import { benchNeighbours } from "./redis/neighbours.ts";
import { benchRoundTrips } from "./redis/round-trips.ts";
import { reporter, type Report } from "./report.ts";

const SUITES: Readonly<
  Record<string, Readonly<Record<string, (report: Report) => Promise<void>>>>
> = {
  adapters: {
    "ai-sdk-latency": benchAiSdkLatency,
    "ai-sdk-disconnect": benchAiSdkDisconnect,
    "ai-sdk-memory": benchAiSdkMemory,
    history: benchCutHistory,
  },
  core: {
    locomo: benchLocomo,
    "search-50k": benchSearchLarge,
    "search-10k": benchSearchPeers,
    "durable-add": benchDurableAdd,
    "cold-start": benchColdStart,
    "kill-9": benchCrash,
    "many-cubes": benchManyCubes,
  },
  kv: {
    ctx512: benchTtft(512),
    ctx1536: benchTtft(1_536),
    ctx4096: benchTtft(4_096),
    exactness: benchExactness,
    sharing: benchSharing,
    lookup: benchLookup,
    plan: benchPlans,
    plan4200: benchPlan([4_200]),
    damage: benchDamage,
    "damaged-files": benchDamagedFiles,
  },
  redis: {
    "round-trips": benchRoundTrips,
    "batch-add": benchBatchAdd,
    "local-search": benchLocalSearch,
    neighbours: benchNeighbours,
    "live-memory": benchLiveMemory,
    kills: benchKills,
  },
  langgraph: {
    saver: benchSaver,
    "saver-turns": benchSaverTurns,
    "saver-round-trips": benchSaverRoundTrips,
    "sequential-graph": benchSequentialGraph,
    "thread-growth": benchThreadGrowth,
    store: benchStore,
  },
};

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { json: { type: "boolean", default: false }, case: { type: "string", multiple: true } },
});
const [name = ""] = positionals;
const suite = SUITES[name];
if (suite === undefined) {
  console.error(
    `usage: pnpm bench SUITE [--case NAME]... [--json]\nsuites: ${Object.keys(SUITES).join(", ")}`,
  );
  process.exit(2);
}
const cases = values.case ?? Object.keys(suite);
for (const each of cases) {
  const run = suite[each];
  if (run === undefined) {
    console.error(`no case ${each} in ${name}; cases: ${Object.keys(suite).join(", ")}`);
    process.exit(2);
  }
  await run(reporter(name, values.json));
}
