import { failureFrom, Failure } from "./failure.ts";
import { EXIT } from "./exit-codes.ts";

/** One thing that was looked at on a server. */
export interface ServerCheck {
  readonly name: string;
  readonly result: "ok" | "warning" | "failed";
  readonly detail: string;
}

/** Whether an argument names a Redis server. */
export function isRedisUrl(text: string): boolean {
  return /^rediss?:\/\//u.test(text);
}

/** What a Redis server can do and what it lacks. @throws Failure without `@memcube/redis` */
export async function checkRedis(url: string): Promise<readonly ServerCheck[]> {
  const { inspectRedis } = await import("@memcube/redis").catch((cause: unknown) => {
    const hint = `npm install @memcube/redis (${failureFrom(cause).message})`;
    throw new Failure(EXIT.failed, "@memcube/redis is not installed.", hint);
  });
  return inspectRedis({ url });
}
