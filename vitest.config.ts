import { join } from "node:path";

import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["@memcube/source"] },
  ssr: { resolve: { conditions: ["@memcube/source"] } },
  test: {
    include: ["test/**/*.test.ts", "packages/*/src/**/*.test.ts"],
    // Two cores: files run two at a time; a slow machine gets a generous limit, a hang still fails.
    maxWorkers: 2,
    testTimeout: 30_000,
    // Threads and child processes start from TypeScript: what was compiled once is kept.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, ".cache/compile") },
  },
});
