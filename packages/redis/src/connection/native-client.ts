import { RESP_TYPES } from "redis";

import type { Argument, Reply } from "./connection.ts";

/** Per-call options of node-redis that are used here. */
export interface NativeCallOptions {
  readonly typeMapping?: Readonly<Record<number, unknown>>;
}

/** What of a node-redis client, pool, Sentinel or cluster is used: whatever has it will do. */
export interface NativeClient {
  readonly isOpen: boolean;
  connect(): Promise<unknown>;
  close(): Promise<unknown>;
  destroy(): unknown;
  on(event: string, listener: (argument: unknown) => void): unknown;
  off?(event: string, listener: (argument: unknown) => void): unknown;
}

/** Which of the four a client is: they differ in how a command is sent. */
export type ClientKind = "client" | "pool" | "sentinel" | "cluster";

interface NodeClient {
  sendCommand(args: Argument[], options?: NativeCallOptions): Promise<unknown>;
}

interface ClusterClient {
  readonly masters: readonly unknown[];
  nodeClient(node: unknown): NodeClient | Promise<NodeClient>;
  sendCommand(
    firstKey: string | undefined,
    isReadonly: boolean,
    args: Argument[],
    options?: NativeCallOptions,
  ): Promise<unknown>;
}

interface SentinelClient {
  sendCommand(isReadonly: boolean, args: Argument[], options?: NativeCallOptions): Promise<unknown>;
}

/** @throws TypeError when it is no client of node-redis */
export function kindOf(client: NativeClient): ClientKind {
  if (typeof client !== "object" || client === null || !("sendCommand" in client))
    throw new TypeError("redisStorage: `client` is no client of the package redis");
  if ("masters" in client && "nodeClient" in client) return "cluster";
  if ("getMasterNode" in client) return "sentinel";
  return "totalClients" in client ? "pool" : "client";
}

const TEXT: NativeCallOptions = { typeMapping: { [RESP_TYPES.BLOB_STRING]: String } };
const BYTES: NativeCallOptions = { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } };

/** Sends commands through any kind of client. Errors are those of node-redis. */
export interface Sender {
  readonly kind: ClientKind;
  send(key: string | undefined, args: readonly Argument[], buffers: boolean): Promise<Reply>;
  /** The same command to every master. */
  sendToMasters(args: readonly Argument[]): Promise<readonly Reply[]>;
}

export function senderOf(client: NativeClient): Sender {
  const kind = kindOf(client);
  const options = (buffers: boolean): NativeCallOptions => (buffers ? BYTES : TEXT);
  const send = sendOf(kind, client);
  return {
    kind,
    send: (key, args, buffers) => send(key, args as Argument[], options(buffers)) as Promise<Reply>,
    sendToMasters: async (args) => {
      if (kind !== "cluster") return [(await send(undefined, args as Argument[], TEXT)) as Reply];
      const cluster = client as unknown as ClusterClient;
      const nodes = cluster.masters.map((node) => cluster.nodeClient(node));
      return Promise.all(
        nodes.map(async (node) => (await (await node).sendCommand(args as Argument[])) as Reply),
      );
    },
  };
}

type Send = (
  key: string | undefined,
  args: Argument[],
  options: NativeCallOptions,
) => Promise<unknown>;

function sendOf(kind: ClientKind, client: NativeClient): Send {
  switch (kind) {
    case "cluster": {
      const cluster = client as unknown as ClusterClient;
      return (key, args, options) => cluster.sendCommand(key, false, args, options);
    }
    case "sentinel": {
      const sentinel = client as unknown as SentinelClient;
      return (_key, args, options) => sentinel.sendCommand(false, args, options);
    }
    case "client":
    case "pool": {
      const single = client as unknown as NodeClient;
      return (_key, args, options) => single.sendCommand(args, options);
    }
  }
}
