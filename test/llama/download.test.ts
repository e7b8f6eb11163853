/** Downloads from a real server on this machine. */
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { downloadModel } from "@memcube/llama";
import { tinyModel } from "@memcube/llama/testing";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";

let server: Server;
let root: string;
let bytes: Buffer;
let sha256: string;
let directory: string;
let requests = 0;

beforeAll(async () => {
  bytes = await readFile(await tinyModel());
  sha256 = createHash("sha256").update(bytes).digest("hex");
  server = createServer((request, response) => {
    requests++;
    const path = request.url ?? "";
    if (path.startsWith("/missing")) return void response.writeHead(404).end();
    const body = path.startsWith("/other") ? Buffer.from("no model at all") : bytes;
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
    const start = Number(range?.[1] ?? 0);
    const end = range?.[2] ? Number(range[2]) : body.length - 1;
    const piece = body.subarray(start, end + 1);
    response.writeHead(range ? 206 : 200, {
      "accept-ranges": "bytes",
      "content-length": piece.length,
      "content-type": "application/octet-stream",
      ...(range ? { "content-range": `bytes ${start}-${end}/${body.length}` } : {}),
    });
    response.end(request.method === "HEAD" ? undefined : piece);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  root = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "memcube-download-"));
  return () => rm(directory, { recursive: true });
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

it("fetches a model, tells how far it is, and does not fetch it twice", async () => {
  const steps: number[] = [];
  const from = `${root}/models/tiny.gguf?download=true`;
  const path = await downloadModel({
    from,
    directory,
    sha256,
    onProgress: ({ doneBytes }) => steps.push(doneBytes),
  });
  expect(path).toBe(join(directory, "tiny.gguf"));
  expect(await readFile(path)).toEqual(bytes);
  expect(steps.at(-1)).toBe(bytes.length);
  const before = requests;
  expect(await downloadModel({ from, directory, sha256 })).toBe(path);
  expect(requests).toBe(before);
  expect(await readdir(directory)).toEqual(["tiny.gguf"]);
});

it("leaves nothing of a file that is not the one asked for", async () => {
  const from = `${root}/other.gguf`;
  await expect(downloadModel({ from, directory, sha256 })).rejects.toMatchObject({
    code: "MEMCUBE_MODEL_INVALID",
  });
  expect(await readdir(directory)).toEqual([]);
});

it("says when there is none", async () => {
  const from = `${root}/missing.gguf`;
  await expect(downloadModel({ from, directory, sha256 })).rejects.toMatchObject({
    code: "MEMCUBE_MODEL_UNAVAILABLE",
    retryable: true,
  });
});

it("stops when it is told to, and takes no other kind of address", async () => {
  const reason = new Error("enough");
  const given = { from: `${root}/tiny.gguf`, directory, sha256 };
  const stopped = downloadModel({ ...given, signal: AbortSignal.abort(reason) });
  await expect(stopped).rejects.toBe(reason);
  await expect(downloadModel({ ...given, from: "file:///etc/passwd" })).rejects.toThrow(TypeError);
  await expect(downloadModel({ ...given, fileName: "../x" })).rejects.toThrow(TypeError);
});
