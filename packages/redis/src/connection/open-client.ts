import { createClient } from "redis";

import type { ParsedOptions } from "../options.ts";
import type { NativeClient } from "./native-client.ts";
import { isErrorReply, mapError, unreachable } from "./native-errors.ts";

/** Longest wait between two tries to connect again. */
const RETRY_MAX_MS = 1_000;

/** Commands that may wait to be sent: beyond it the process is overrun, not the network slow. */
const QUEUE_LENGTH = 100_000;

/** Makes a client of the storage's own. Not connected yet. */
export function makeClient(
  url: string,
  { timeoutMs, connectTimeoutMs }: Pick<ParsedOptions, "timeoutMs" | "connectTimeoutMs">,
): NativeClient {
  let wasConnected = false;
  const giveUpAt = performance.now() + connectTimeoutMs;
  const client = createClient({
    url,
    disableOfflineQueue: true,
    commandsQueueMaxLength: QUEUE_LENGTH,
    maintNotifications: "disabled",
    // Every call has its deadline here: an AbortSignal for each would cost as much as the call.
    commandOptions: { timeout: undefined },
    // A connection that says nothing for this long is lost; the pings keep an idle one.
    pingInterval: Math.max(100, Math.floor(timeoutMs / 3)),
    socket: {
      connectTimeout: Math.min(timeoutMs, connectTimeoutMs),
      socketTimeout: timeoutMs,
      reconnectStrategy: (retries: number, cause: unknown) => {
        // A wrong password stays wrong; a server that was there comes back some day.
        if (isErrorReply(cause)) return cause;
        if (!wasConnected && performance.now() > giveUpAt) return unreachable("not done", cause);
        return Math.min(20 * 2 ** Math.min(retries, 10), RETRY_MAX_MS) * (0.5 + Math.random() / 2);
      },
    },
  });
  client.on("ready", () => {
    wasConnected = true;
  });
  return client;
}

/** Connects within the time given. @throws MemCubeError */
export async function connect(client: NativeClient, timeoutMs: number): Promise<void> {
  if (client.isOpen) return;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(unreachable("not done")), timeoutMs);
  });
  try {
    await Promise.race([client.connect(), late]);
  } catch (error) {
    if (client.isOpen) client.destroy();
    throw mapError(rootOf(error));
  } finally {
    clearTimeout(timer);
  }
}

/** What the strategy gave up for. */
function rootOf(error: unknown): unknown {
  const cause = (error as { readonly originalError?: unknown } | undefined)?.originalError;
  return cause ?? error;
}
