import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";

import { isMemCubeError } from "@memcube/core";
import { createClient } from "redis";
import { expect, test } from "vitest";

import { readSearchKeys, readSearchReply } from "./search-reply.ts";
import { mapError } from "../connection/native-errors.ts";
import type { Reply } from "../connection/connection.ts";

interface Exchange {
  readonly label: string;
  readonly reply: string;
}

const EXCHANGES = readFileSync(
  new URL("../../../../test/redis/fixtures/query-engine-resp3.jsonl", import.meta.url),
  "utf8",
)
  .split("\n")
  .filter((line) => line !== "")
  .map((line) => JSON.parse(line) as Exchange);

/** What the client makes of recorded bytes. */
async function replay(bytes: Buffer): Promise<Reply> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (data) => {
      const commands = data
        .toString()
        .split(/^\*\d+\r\n/mu)
        .filter((text) => text !== "");
      for (const command of commands) {
        if (command.includes("HELLO")) socket.write("%1\r\n$5\r\nproto\r\n:3\r\n");
        else socket.write(command.includes("FT.SEARCH") ? bytes : "+OK\r\n");
      }
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const client = createClient({
    RESP: 3,
    socket: { port, host: "127.0.0.1", reconnectStrategy: false },
  });
  client.on("error", () => {});
  try {
    await client.connect();
    return await client.sendCommand<Reply>(["FT.SEARCH"]);
  } finally {
    client.destroy();
    server.close();
  }
}

function recorded(label: string): Buffer {
  const found = EXCHANGES.find((exchange) => exchange.label === label);
  if (found === undefined) throw new Error(`no exchange ${label}`);
  return Buffer.from(found.reply, "base64");
}

test("documents with their scores", async () => {
  const found = readSearchReply(await replay(recorded("text")));
  expect(found).toEqual([{ key: "mc:m:{t1/u:ada}:a", score: 2.9112714998245868 }]);
});

test("the nearest vectors, by key", async () => {
  expect(readSearchKeys(await replay(recorded("knn with pre-filter")))).toEqual([
    "mc:m:{t1/u:ada}:a",
    "mc:m:{t1/u:ada}:c",
  ]);
  const error = await replay(recorded("knn wrong query dimension")).catch(mapError);
  expect(isMemCubeError(error, "MEMCUBE_STORAGE_FAILED")).toBe(true);
});

test("a hostile value finds nothing", async () => {
  expect(readSearchReply(await replay(recorded("hostile tag through PARAMS")))).toEqual([]);
});

test("a query that ran out of time is a failure, though it looks like a short answer", async () => {
  const text = recorded("hostile tag through PARAMS")
    .toString("latin1")
    .replace("+warning\r\n*0\r\n", "+warning\r\n*1\r\n+Timeout limit was reached\r\n");
  const reply = await replay(Buffer.from(text, "latin1"));
  expect(() => readSearchReply(reply)).toThrow(
    expect.objectContaining({ code: "MEMCUBE_BUSY", retryable: true }),
  );
});

test("errors of the engine are errors of the storage", async () => {
  for (const label of ["search before index", "missing param", "syntax error", "unknown field"]) {
    const error = await replay(recorded(label)).catch(mapError);
    expect(isMemCubeError(error, "MEMCUBE_STORAGE_FAILED"), label).toBe(true);
  }
});

test.each(["Timeout limit was reached", "SEARCH_TIMEOUT Timeout limit was reached"])(
  "set to fail it says %j: try again",
  async (message) => {
    const error = await replay(Buffer.from(`-${message}\r\n`)).catch(mapError);
    expect(error).toMatchObject({ code: "MEMCUBE_BUSY", retryable: true });
  },
);

test("a reply in the old protocol is refused: it can't say that it is short", () => {
  expect(() => readSearchReply([0])).toThrow(
    expect.objectContaining({ code: "MEMCUBE_NOT_SUPPORTED" }),
  );
});
