import type { Storage } from "@memcube/core";
import { redisStorage, type RedisStorageOptions } from "@memcube/redis";

import { type RedisServer, type RedisServerOptions, startRedis } from "../servers/redis-server.ts";

/** What a test with a server of its own is given. */
export interface ServerContext {
  readonly server: RedisServer;
  /** Opens a storage that is closed after the test. @default options: the server's URL */
  open(options?: RedisStorageOptions): Promise<Storage>;
}

/** Runs a test with a server, and leaves neither server nor storages behind. */
export async function withServer(
  options: RedisServerOptions,
  work: (context: ServerContext) => Promise<void>,
): Promise<void> {
  const server = await startRedis(options);
  const storages: Storage[] = [];
  try {
    await work({
      server,
      open: async (given) => {
        const storage = await redisStorage(given ?? { url: server.url });
        storages.push(storage);
        return storage;
      },
    });
  } finally {
    server.thaw();
    for (const storage of storages) await storage.close();
    await server.stop();
  }
}

/** What a call raised. */
export async function errorOf(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
  } catch (error) {
    return error;
  }
  throw new Error("the call did not fail");
}
