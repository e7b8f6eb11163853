/**
 * `pnpm check`: everything that is held without running a test. All steps run, also after one failed;
 * types come first because the packages step reads what they build.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "./published.ts";

/** What is checked, and the file below the root that node runs for it. */
const STEPS: readonly (readonly [what: string, script: string, ...args: string[]])[] = [
  ["types", "node_modules/typescript/bin/tsc", "-b"],
  ["stale output", "scripts/prune-dist.ts"],
  ["lint", "node_modules/oxlint/bin/oxlint"],
  ["format", "node_modules/oxfmt/bin/oxfmt", "--check"],
  ["unused code", "node_modules/knip/bin/knip.js", "--treat-config-hints-as-errors"],
  ["packages", "scripts/check-packages.ts"],
];

let failed = 0;
for (const [what, script, ...args] of STEPS) {
  const started = performance.now();
  const { status } = spawnSync(process.execPath, [join(ROOT, script), ...args], {
    cwd: ROOT,
    stdio: ["ignore", "inherit", "inherit"],
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${status === 0 ? "ok    " : "FAILED"} ${what} (${seconds} s)`);
  if (status !== 0) failed += 1;
}
process.exitCode = failed === 0 ? 0 : 1;
