import { expect, test } from "vitest";

import { describeRedis } from "../servers/describe-redis.ts";
import { startRedis } from "../servers/redis-server.ts";
import { clientKillRound } from "./client-kill.ts";
import { killRound } from "./kill-rounds.ts";

/** `pnpm bench redis --case kills` makes 20. */
const ROUNDS = 2;

describeRedis("a killed process", () => {
  // A crash of the process loses nothing with everysec either: the kernel has what was written.
  test.each(["always", "everysec"] as const)(
    "a server with appendfsync %s keeps every acknowledged commit",
    async (appendFsync) => {
      const server = await startRedis({ appendFsync });
      try {
        for (let round = 0; round < ROUNDS; round += 1) {
          const { acknowledged, lost, logIsSound } = await killRound(server, `round-${round}`);
          expect(acknowledged).toBeGreaterThan(0);
          expect({ lost, logIsSound }).toEqual({ lost: 0, logIsSound: true });
        }
      } finally {
        await server.stop();
      }
    },
  );

  test("a client leaves whole commits behind", async () => {
    const server = await startRedis({ appendFsync: "always" });
    try {
      for (let round = 0; round < ROUNDS; round += 1) {
        const { acknowledged, lost, logIsSound } = await clientKillRound(server, `round-${round}`);
        expect(acknowledged).toBeGreaterThan(0);
        expect({ lost, logIsSound }).toEqual({ lost: 0, logIsSound: true });
      }
    } finally {
      await server.stop();
    }
  });
});
