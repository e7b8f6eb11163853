import { AIMessage, HumanMessage } from "@langchain/core/messages";
import { ThreadPart } from "@memcube/core";
import fc from "fast-check";
import { expect, test } from "vitest";

import { fromLangGraphValue } from "./from-langgraph-value.ts";

/** What is written, with parts as their values. */
function plain(written: unknown): unknown {
  if (written instanceof ThreadPart) return plain(written.value);
  if (Array.isArray(written)) return written.map(plain);
  if (typeof written !== "object" || written === null || written instanceof Uint8Array)
    return written;
  return Object.fromEntries(Object.entries(written).map(([key, value]) => [key, plain(value)]));
}

/** The elements of a list as they are written: the parts themselves. */
const written = (elements: readonly unknown[]) => fromLangGraphValue([...elements]) as unknown[];

test("an element that says the same is the same part", () => {
  const elements = [new HumanMessage("hi"), { role: "user", tags: ["a", { b: 1 }] }];
  const [message, object] = written(elements);
  expect(message).toBeInstanceOf(ThreadPart);
  expect(written(elements)).toEqual([message, object]);
  expect(written(elements).every((part, at) => part === [message, object][at])).toBe(true);
});

test("what was changed in its place is written anew", () => {
  const message = new AIMessage({
    content: "a",
    tool_calls: [{ name: "t", args: { x: 1 }, id: "1" }],
  });
  const object: Record<string, unknown> = { list: [1], inner: { text: "a" } };
  const changes: (() => void)[] = [
    () => void (message.content = "b"),
    () => void (message.tool_calls = [{ name: "t", args: { x: 2 }, id: "1" }]),
    () => void (message.tool_calls?.[0] && (message.tool_calls[0].args["x"] = -0)),
    () => void (message.additional_kwargs["more"] = new Map([["a", 1]])),
    () => void (message.response_metadata = { model: "m" }),
    () => void (object["list"] as unknown[]).push(2),
    () => void Reflect.deleteProperty(object["list"] as unknown[], "0"),
    () => void ((object["inner"] as Record<string, unknown>)["text"] = undefined),
    () => void (object["inner"] = new Date(0)),
    () => void (object["lc"] = 1),
    () => void delete object["list"],
    () => void (object["self"] = object),
    () => void (object["toJSON"] = () => "json"),
  ];
  let before = plain(written([message, object]));
  for (const change of changes) {
    change();
    const now = plain(written([message, object]));
    expect(now, String(change)).not.toEqual(before);
    expect(now).toEqual(plain(written(copied([message, object]))));
    before = now;
  }
});

/** The same in other objects, which nothing is known of. */
function copied([message, object]: readonly [AIMessage, Record<string, unknown>]): unknown[] {
  const copy = new AIMessage({ content: "" });
  Object.assign(copy, message);
  copy.lc_kwargs = message.lc_kwargs;
  const other = { ...object };
  if (other["self"] === object) other["self"] = other;
  return [copy, other];
}

test("JSON that is changed anywhere is never taken for what it was", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (first, second) => {
      const holder: { value: unknown } = { value: first };
      written([holder]);
      holder.value = second;
      expect(plain(written([holder]))).toEqual(plain(written([{ value: second }])));
    }),
    { numRuns: 500 },
  );
});

test("lists of records that are nested too deep are refused", () => {
  const nested = (levels: number): object => {
    let value: object = { leaf: true };
    for (let level = 0; level < levels; level += 1) value = { list: [value] };
    return value;
  };
  expect(() => fromLangGraphValue(nested(100))).not.toThrow();
  for (const levels of [200, 5_000]) {
    expect(() => fromLangGraphValue(nested(levels))).toThrow(
      expect.objectContaining({ code: "MEMCUBE_LIMIT_EXCEEDED" }),
    );
  }
});
