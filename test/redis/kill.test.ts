import { expect, test } from "vitest";

import { describeRedis } from "../servers/describe-redis.ts";
import { startRedis } from "../servers/redis-server.ts";
import { slowDisk } from "../servers/slow-disk.ts";
import { clientKillRound } from "./client-kill.ts";
import { killRound } from "./kill-rounds.ts";

/** `pnpm bench redis --case kills` makes 20. */
const ROUNDS = 2;

/**
 * With everysec the server answers before it writes while an earlier sync is under way, for two seconds at
 * most; the rest is for what it had answered and we had not read yet.
 */
const POSTPONED_MS = 2_000 + 500;

/** Longer than a write may be postponed, so that what came first must be there. */
const LONG_ROUND_MS = 3_200;

/** Longer than a round: nothing but the two seconds has it written. */
const SYNC_MS = 10_000;

describeRedis("a killed process", (binary) => {
  test("a server with appendfsync always keeps every acknowledged commit", async () => {
    const server = await startRedis({ appendFsync: "always" });
    try {
      for (let round = 0; round < ROUNDS; round += 1) {
        const { acknowledged, ...found } = await killRound(server, `round-${round}`);
        expect(acknowledged).toBeGreaterThan(0);
        expect(found).toEqual({ lost: 0, lostSpanMs: 0, keepsPrefix: true, logIsSound: true });
      }
    } finally {
      await server.stop();
    }
  });

  test("a server with appendfsync everysec keeps all but the last two seconds", async () => {
    const server = await startRedis({ appendFsync: "everysec" });
    try {
      for (const [round, writeMs] of [150, LONG_ROUND_MS].entries()) {
        const found = await killRound(server, `round-${round}`, writeMs);
        expect(found.acknowledged).toBeGreaterThan(0);
        expect(found).toMatchObject({ keepsPrefix: true, logIsSound: true });
        expect(found.lostSpanMs).toBeLessThan(POSTPONED_MS);
      }
    } finally {
      await server.stop();
    }
  });

  test("a server with appendfsync everysec and a slow disk, too", async ({ skip }) => {
    const disk = await slowDisk(binary, SYNC_MS);
    if (disk === undefined) return skip("needs Linux and cc, which makes the disk slow");
    const server = await startRedis({ appendFsync: "everysec", binary: disk.binary });
    try {
      const found = await killRound(server, "round", LONG_ROUND_MS);
      expect(found).toMatchObject({ keepsPrefix: true, logIsSound: true });
      expect(found.lost).toBeGreaterThan(0);
      expect(found.lost).toBeLessThan(found.acknowledged);
      expect(found.lostSpanMs).toBeLessThan(POSTPONED_MS);
    } finally {
      await server.stop();
      await disk.remove();
    }
  });

  test("a client leaves whole commits behind", async () => {
    const server = await startRedis({ appendFsync: "always" });
    try {
      for (let round = 0; round < ROUNDS; round += 1) {
        const { acknowledged, ...found } = await clientKillRound(server, `round-${round}`);
        expect(acknowledged).toBeGreaterThan(0);
        expect(found).toEqual({ lost: 0, lostSpanMs: 0, keepsPrefix: true, logIsSound: true });
      }
    } finally {
      await server.stop();
    }
  });
});
