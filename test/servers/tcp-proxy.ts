import { connect, createServer, type Socket } from "node:net";

/** Where the next request that has `marker` in it is cut off, with its connection. */
export type Cut = "half the request" | "before the reply";

/** A wire between client and server that a test can cut. */
export interface TcpProxy {
  readonly port: number;
  /** Cuts the next request that has `marker` in its bytes, once. */
  cutNext(where: Cut, marker: string): void;
  /** Whether what {@link cutNext} asked for has happened. */
  readonly hasCut: boolean;
  /** Cuts every connection now. */
  cutAll(): void;
  /** Connections made from now on go to another server's port. */
  retarget(port: number): void;
  close(): Promise<void>;
}

/**
 * Forwards connections on a free loopback port to a server's.
 * @param rewrite what the server says, to bytes of the same length. @default as it is
 */
export async function startProxy(
  target: number,
  rewrite: (reply: Buffer) => Buffer = (reply) => reply,
): Promise<TcpProxy> {
  let port = target;
  const sockets = new Set<Socket>();
  let armed: { readonly where: Cut; readonly marker: string } | undefined;
  const cutAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((client) => {
    const upstream = connect(port, "127.0.0.1");
    let silent = false;
    const end = (): void => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", end);
      socket.on("close", () => {
        sockets.delete(socket);
        end();
      });
    }
    client.on("data", (data) => {
      if (armed === undefined || !data.includes(armed.marker)) {
        upstream.write(data);
        return;
      }
      const { where } = armed;
      armed = undefined;
      silent = true;
      if (where === "before the reply") upstream.write(data);
      else upstream.write(data.subarray(0, data.length >> 1), end);
    });
    upstream.on("data", (data) => {
      if (silent) end();
      else client.write(rewrite(data));
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("no port");
  return {
    port: address.port,
    cutNext: (where, marker) => {
      armed = { where, marker };
    },
    get hasCut() {
      return armed === undefined;
    },
    cutAll,
    retarget: (other) => {
      port = other;
    },
    close: async () => {
      cutAll();
      await new Promise((done) => server.close(done));
    },
  };
}
