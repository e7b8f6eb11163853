import type { CommitRequest, PutWrite, VersionIndex } from "@memcube/core";
import { expect, test } from "vitest";

import { vectorField } from "../candidates/vector-field.ts";
import { type CommitOptions, encodeCommit } from "./encode-commit.ts";

const cube = { tenantId: "t", cubeId: "c" };
const index: VersionIndex = {
  kind: "plaintext",
  type: "turn",
  state: "generated",
  visibility: "inherit",
  tags: [],
  at: 5,
  terms: "",
  edges: [],
};
const put: PutWrite = {
  op: "put",
  id: "m1",
  expectedVersion: 0,
  version: 1,
  content: "{}",
  salt: "salt",
  commitment: "commitment",
  index,
};
const request: CommitRequest = { cube, at: 7, body: "body", digest: "d", writes: [], tasks: [] };
const options: CommitOptions = { publish: "PUBLISH", fields: () => [], outbox: false };

function encoded(changes: Partial<CommitRequest>, others: Partial<CommitOptions> = {}) {
  const args = encodeCommit({ ...request, ...changes }, { ...options, ...others });
  return { head: args.slice(0, 10), writes: JSON.parse(String(args[10])), long: args.slice(11) };
}

test("what the commit says of itself", () => {
  const { head, writes, long } = encoded({
    epoch: "e",
    cubeVersion: 3,
    cubeCommitment: "cc",
    idempotency: { key: "k", expiresAt: 9 },
  });
  expect(head).toEqual(["7", "d", "body", "e", "3", "cc", "k", "9", "PUBLISH", ""]);
  expect([writes, long]).toEqual([[], []]);
  expect(encoded({}).head).toEqual(["7", "d", "body", "", "", "", "", "", "PUBLISH", ""]);
});

test("a write's record is short; what is long follows in order", () => {
  const vector = new Float32Array([1, 2]);
  const edge = { type: "derived-from", to: { cubeId: "c", id: "m0" } } as const;
  const full = { ...index, externalKey: "x", sessionId: "s", expiresAt: 8, tags: ["a", "a", "b"] };
  const { writes, long } = encoded({
    writes: [
      { op: "cube", expectedVersion: 1, version: 2, content: "h", salt: "hs", commitment: "hc" },
      put,
      { ...put, id: "m2", content: "second", index: { ...full, edges: [edge, edge] } },
      { op: "erase", id: "m3" },
      { op: "erase", id: "m4", expectedVersion: 2 },
      { op: "vector", id: "m1", model: "model", fingerprint: "f", vector },
    ],
  });
  const rest = ["salt", "commitment"];
  const group = ["plaintext", "turn", "generated"];
  const fullHead = [1, 0, 0, 0, ...group, "x", "s", 5, 8, ["a", "b"], ["c\0m0"], ...rest];
  expect(writes).toEqual([
    ["c", "@cube", 1, 2, "hs", "hc"],
    ["p", "m1", 0, "inherit", "", 0, [1, 0, 0, 0, ...group, "", "", 5, false, [], [], ...rest]],
    ["p", "m2", 0, "inherit", JSON.stringify([edge, edge]), 0, fullHead],
    ["e", "m3", false],
    ["e", "m4", 2],
    ["v", "m1", "f", "model", ""],
  ]);
  expect(long).toEqual(["h", "{}", "second", Buffer.from(vector.slice().buffer)]);
  vector[0] = 9;
  expect(long[3]).not.toEqual(Buffer.from(vector.buffer));
});

test("search documents and tasks come behind, as many as were said", () => {
  const task = { key: "t1", tenantId: "t", cubeId: "c", type: "embed", payload: {} };
  const fields = () => ["cube", "c:t:c"];
  const found = encoded({ writes: [put], tasks: [task] }, { fields });
  expect(found.writes[0][5]).toBe(2);
  expect(found.long.slice(0, 3)).toEqual(["{}", "cube", "c:t:c"]);
  expect(found.long).toHaveLength(10);
  const outbox = encoded({ writes: [put], tasks: [task] }, { outbox: true });
  expect(outbox.long).toEqual(["{}"]);
  expect(JSON.parse(String(outbox.head[9]))).toEqual([task]);
});

test("half a character pair is replaced: the server's JSON reader would refuse it", () => {
  const odd = { ...put, id: "\ud83d", index: { ...index, tags: ["\\ud83d", "a\udc00b", "😀"] } };
  const { writes } = encoded({ writes: [odd] });
  expect(writes[0][1]).toBe("\ufffd");
  expect(writes[0][6][11]).toEqual(["\\ud83d", "a\ufffdb", "😀"]);
});

test("a vector of the indexed model goes into the search document, in the index's own numbers", () => {
  const vector = new Float32Array([1, -0.5]);
  const write = { op: "vector", id: "m1", model: "model", fingerprint: "f", vector } as const;
  const stored = Buffer.from(vector.slice().buffer);
  const vectorsOf = (type: "float32" | "float16") =>
    vectorField({ model: "model", dimensions: 2, algorithm: "hnsw", type });
  const single = vectorsOf("float32");
  const half = vectorsOf("float16");
  const asSingle = encoded({ writes: [write] }, { vectors: single });
  expect(asSingle.writes).toEqual([["v", "m1", "f", "model", single.field, 0]]);
  expect(asSingle.long).toEqual([stored]);
  const asHalf = encoded({ writes: [write] }, { vectors: half });
  expect(asHalf.writes).toEqual([["v", "m1", "f", "model", half.field, 1]]);
  expect(asHalf.long).toEqual([stored, Buffer.from("003c00b8", "hex")]);
  const other = encoded({ writes: [{ ...write, model: "other" }] }, { vectors: half });
  expect([other.writes, other.long]).toEqual([[["v", "m1", "f", "other", ""]], [stored]]);
  const long = { ...write, vector: new Float32Array(3) };
  expect(() => encoded({ writes: [long] }, { vectors: half })).toThrow(
    expect.objectContaining({ code: "MEMCUBE_INVALID_INPUT" }),
  );
});
