import { expect, test } from "vitest";

import { describeRedis } from "./describe-redis.ts";
import { startCluster, tell } from "./redis-cluster.ts";
import { startRedis } from "./redis-server.ts";

describeRedis("servers for tests", () => {
  test("a server keeps its file over a kill", async () => {
    const server = await startRedis({ appendFsync: "always" });
    try {
      await tell(server.port, "SET", "a", "1");
      await server.kill();
      await server.restart();
      expect(await tell(server.port, "GET", "a")).toBe("1");
    } finally {
      await server.stop();
    }
  });

  test("a cluster shares the slots", async () => {
    const cluster = await startCluster({ withReplicas: true });
    try {
      const info = String(await tell(cluster.masters[0]?.port ?? 0, "CLUSTER", "INFO"));
      expect(info).toContain("cluster_slots_ok:16384");
      expect(info).toContain("cluster_size:3");
    } finally {
      await cluster.stop();
    }
  });
});
