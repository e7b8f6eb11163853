import { MemCubeError } from "@memcube/core";

import { keysOf } from "../keys.ts";
import type { ParsedOptions } from "../options.ts";
import { Breakers } from "./circuit-breaker.ts";
import { Deadlines } from "./deadlines.ts";
import type { RedisConnection, Reply } from "./connection.ts";
import { masterOf } from "./master-of.ts";
import { type NativeClient, type Sender, senderOf } from "./native-client.ts";
import { isErrorReply, isNotSent, mapError, unreachable } from "./native-errors.ts";
import { connect, makeClient } from "./open-client.ts";
import { probeServer } from "./probe-server.ts";
import { makeScriptRunner } from "./script-runner.ts";
import type { ServerFacts } from "./server-facts.ts";
import { watchClient } from "./watch-client.ts";

/** How long a call waits between looks whether the connection is back. */
const OFFLINE_WAIT_MS = 10;

/** A connection with what only the storage itself does to it. */
export interface OpenConnection extends RedisConnection {
  readonly client: NativeClient;
  readonly kind: Sender["kind"];
  /** The same command on every master. */
  sendToMasters(command: readonly string[]): Promise<readonly Reply[]>;
  /** Finishes what was begun and closes what was opened here. */
  close(): Promise<void>;
}

/** Connects and finds out what the server is. @throws MemCubeError */
export async function openConnection(options: ParsedOptions): Promise<OpenConnection> {
  const own = options.url === undefined ? undefined : makeClient(options.url, options);
  const client = options.client ?? own;
  if (client === undefined) throw new TypeError("redisStorage: either url or client");
  // Without a listener an error of the connection would end the process; calls report it.
  const unwatch = watchClient(client, () => {});
  try {
    await connect(client, options.connectTimeoutMs);
    const sender = senderOf(client);
    const breakers = new Breakers((key) => masterOf({ kind: sender.kind, client }, key));
    const guard = new Guard(options.timeoutMs, breakers);
    const guarded: Sender = {
      kind: sender.kind,
      send: (key, args, buffers) => guard.call(() => sender.send(key, args, buffers)),
      sendToMasters: (args) => guard.call(() => sender.sendToMasters(args)),
    };
    const facts = await probeServer(guarded);
    const runner = await guard.call(() => makeScriptRunner(sender, options));
    const server: ServerFacts = { ...facts, functions: runner.functions };
    return {
      client,
      kind: sender.kind,
      keys: keysOf(options.prefix),
      server,
      send: (key, command, { buffers = false, timeoutMs } = {}) =>
        guard.public(() => sender.send(key, command, buffers), timeoutMs, key),
      run: (script, keys, args, { buffers = false, timeoutMs } = {}) =>
        guard.public(() => runner.run(script, keys, args, buffers), timeoutMs, keys[0]),
      sendToMasters: (command) => guard.public(() => sender.sendToMasters(command)),
      checkOpen: () => guard.checkOpen(),
      close: () =>
        guard.close(async () => {
          await closeClient(own, options.timeoutMs);
          // A client of our own may still have an error to tell.
          if (own === undefined) unwatch();
        }),
    };
  } catch (error) {
    if (own === undefined) unwatch();
    else if (own.isOpen) own.destroy();
    throw mapError(error);
  }
}

/** Deadlines, the circuit breaker and closing, around every call. */
class Guard {
  readonly #timeoutMs: number;
  readonly #breakers: Breakers;
  readonly #deadlines = new Deadlines();
  #pending = 0;
  /** Told when no call is pending, once closing waits for it. */
  #idle: (() => void) | undefined;
  #closed: Promise<void> | undefined;

  constructor(timeoutMs: number, breakers: Breakers) {
    this.#timeoutMs = timeoutMs;
    this.#breakers = breakers;
  }

  checkOpen(): void {
    if (this.#closed !== undefined) {
      throw new MemCubeError("MEMCUBE_CLOSED", "The storage was closed.");
    }
  }

  /** A call of a port: errors are mapped, and closing waits for it. */
  async public<T>(
    action: () => Promise<T>,
    timeoutMs: number = this.#timeoutMs,
    key?: string,
  ): Promise<T> {
    this.checkOpen();
    this.#pending += 1;
    try {
      return await this.call(action, timeoutMs, key);
    } catch (error) {
      throw mapError(error);
    } finally {
      this.#pending -= 1;
      if (this.#pending === 0) this.#idle?.();
    }
  }

  /** One exchange with the server, within its deadline. */
  async call<T>(
    action: () => Promise<T>,
    timeoutMs: number = this.#timeoutMs,
    key?: string,
  ): Promise<T> {
    const started = performance.now();
    const breaker = this.#breakers.of(key);
    if (!breaker.allows(started)) throw unreachable("not done");
    const deadline = started + timeoutMs;
    for (;;) {
      try {
        const value = await this.#deadlines.within(action(), deadline);
        breaker.succeeded();
        return value;
      } catch (error) {
        if (isErrorReply(error)) {
          breaker.succeeded();
          throw error;
        }
        const now = performance.now();
        // Not sent: the connection may be back within the deadline.
        if (isNotSent(error) && this.#closed === undefined && now + OFFLINE_WAIT_MS < deadline) {
          await new Promise((done) => setTimeout(done, OFFLINE_WAIT_MS));
          continue;
        }
        breaker.failed(now);
        throw error;
      }
    }
  }

  /** Safe to call twice. */
  async close(action: () => Promise<void>): Promise<void> {
    this.#closed ??= (async () => {
      if (this.#pending > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
      await action();
    })();
    await this.#closed;
  }
}

async function closeClient(own: NativeClient | undefined, timeoutMs: number): Promise<void> {
  if (own === undefined || !own.isOpen) return;
  try {
    await new Deadlines().within(own.close(), performance.now() + timeoutMs);
  } catch {
    // It does not answer any more: nothing is left to be said to it.
    own.destroy();
  }
}
