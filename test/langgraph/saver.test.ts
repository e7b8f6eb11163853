import {
  AIMessage,
  AIMessageChunk,
  HumanMessage,
  RemoveMessage,
  SystemMessage,
  ToolMessage,
} from "@langchain/core/messages";
import { ChatPromptTemplate } from "@langchain/core/prompts";
import {
  DeltaSnapshot,
  ERROR,
  MemorySaver,
  RESUME,
  type SerializerProtocol,
} from "@langchain/langgraph-checkpoint";
import type { MemOS, MemThreads } from "@memcube/core";
import { MemCubeSaver } from "@memcube/langgraph";
import { describe, expect, test } from "vitest";

import { eachStorage } from "../servers/each-storage.ts";
import { all, checkpointOf, METADATA, saverWorlds, thread } from "./saver-world.ts";

/** Property names that reach the prototype of a plain object, and other ids that hurt. */
const HOSTILE = [
  "__proto__",
  "constructor",
  "toString",
  "a|b",
  "a:b",
  "*",
  "{x}",
  "\0",
  "é\u0301 绿",
];

eachStorage((_name, open) => {
  const newWorld = saverWorlds(open);

  test.each(Object.entries(TYPES))("%s comes back as it was", async (_type, make) => {
    const { saver } = await newWorld();
    const [value, other] = [make(), make()];
    const config = await saver().put(thread("t"), checkpointOf({ value }), METADATA, { value: 1 });
    await saver().putWrites(config, [["value", { deep: [other] }]], "task");
    const tuple = await saver().getTuple(config);
    expect(tuple?.checkpoint.channel_values).toStrictEqual({ value: make() });
    expect(tuple?.pendingWrites).toStrictEqual([["task", "value", { deep: [make()] }]]);
  });

  test("metadata comes back with whatever keys and values it has", async () => {
    const { saver } = await newWorld();
    const metadata = {
      ...METADATA,
      ...(JSON.parse('{"__proto__":{"x":1},"constructor":2,"~l":"~s","":null}') as object),
      when: new Date(5),
      run_id: "1ef4f797-8335-6428-8001-8a1503f9b875",
    };
    const config = await saver().put(thread("t"), checkpointOf({}), metadata, {});
    const tuple = await saver().getTuple(config);
    expect(tuple?.metadata).toStrictEqual(metadata);
    const found = [];
    for await (const one of saver().list(thread("t"), { filter: { when: new Date(5) } }))
      found.push(one.checkpoint.id);
    expect(found).toHaveLength(1);
    for await (const one of saver().list(thread("t"), { filter: { when: new Date(6) } }))
      found.push(one.checkpoint.id);
    expect(found).toHaveLength(1);
  });

  test("a value is the one that was given, whatever happens to it later", async () => {
    const { saver } = await newWorld();
    const list = ["first"];
    const putting = saver().put(thread("t"), checkpointOf({ list }), METADATA, { list: 1 });
    list.push("later");
    const written = ["first"];
    const config = await putting;
    const writing = saver().putWrites(config, [["list", written]], "task");
    written.push("later");
    await writing;
    const tuple = await saver().getTuple(config);
    expect(tuple?.checkpoint.channel_values).toEqual({ list: ["first"] });
    expect(tuple?.pendingWrites).toEqual([["task", "list", ["first"]]]);
  });

  test("branches that give one version to two values keep both", async () => {
    const { saver } = await newWorld();
    const root = await saver().put(thread("t"), checkpointOf({ a: "root" }), METADATA, { a: 1 });
    const heads = [];
    for (const name of ["left", "right"]) {
      const step = checkpointOf({ a: name }, 1);
      const head = await saver().put(root, step, METADATA, { a: 2 });
      // What is not new is the parent's.
      const next = { ...checkpointOf({}, 2), channel_versions: { a: 2 } };
      heads.push(await saver().put(head, next, METADATA, {}));
    }
    const tuples = await Promise.all(heads.map((head) => saver().getTuple(head)));
    expect(tuples.map((tuple) => tuple?.checkpoint.channel_values)).toEqual([
      { a: "left" },
      { a: "right" },
    ]);
  });

  test("versions may be texts", async () => {
    const { saver } = await newWorld();
    const version = "00000000000000000000000000000002.0.4242";
    const first = {
      ...checkpointOf({ a: { long: "x".repeat(200) } }),
      channel_versions: { a: version },
    };
    const config = await saver().put(thread("t"), first, METADATA, { a: version });
    const second = { ...checkpointOf({}, 1), channel_versions: { a: version } };
    const next = await saver().put(config, second, METADATA, {});
    const tuple = await saver().getTuple(next);
    expect(tuple?.checkpoint.channel_values).toEqual(first.channel_values);
    expect(tuple?.checkpoint.channel_versions).toEqual({ a: version });
  });

  test("ordinary writes stay, special ones are replaced, and order is by path, task and place", async () => {
    const { saver } = await newWorld();
    const config = await saver().put(thread("t"), checkpointOf({}), METADATA, {});
    await saver().putWrites(
      config,
      [
        ["b", 1],
        ["c", 2],
      ],
      "task-2",
      "~path, 1",
    );
    await saver().putWrites(
      config,
      [
        ["b", "again"],
        [ERROR, "first"],
      ],
      "task-2",
      "~path, 1",
    );
    await saver().putWrites(config, [[ERROR, "second"]], "task-2", "~path, 1");
    await saver().putWrites(config, [["a", 0]], "task-1", "~path, 2");
    await saver().putWrites(
      config,
      [
        [RESUME, "yes"],
        ["b", "third"],
        ["d", 3],
      ],
      "task-3",
    );
    expect((await saver().getTuple(config))?.pendingWrites).toEqual([
      ["task-3", RESUME, "yes"],
      ["task-3", "b", "third"],
      ["task-3", "d", 3],
      ["task-2", ERROR, "second"],
      ["task-2", "b", 1],
      ["task-2", "c", 2],
      ["task-1", "a", 0],
    ]);
  });

  test("writes that are given again beside special ones are the same writes", async () => {
    const { saver } = await newWorld();
    const config = await saver().put(thread("t"), checkpointOf({}), METADATA, {});
    await saver().putWrites(
      config,
      [
        ["a", 1],
        ["b", 2],
        [ERROR, "e"],
      ],
      "task",
    );
    await saver().putWrites(
      config,
      [
        [ERROR, "e"],
        ["a", 1],
        ["b", 2],
      ],
      "task",
    );
    expect((await saver().getTuple(config))?.pendingWrites).toEqual([
      ["task", ERROR, "e"],
      ["task", "a", 1],
      ["task", "b", 2],
    ]);
  });

  test("writes may come before their checkpoint", async () => {
    const { saver } = await newWorld();
    const checkpoint = checkpointOf({ a: 1 });
    const place = thread("t", { checkpoint_id: checkpoint.id });
    await saver().putWrites(place, [["a", "x".repeat(500)]], "task");
    expect(await saver().getTuple(place)).toBeUndefined();
    await saver().put(thread("t"), checkpoint, METADATA, { a: 1 });
    expect((await saver().getTuple(place))?.pendingWrites).toEqual([
      ["task", "a", "x".repeat(500)],
    ]);
  });

  test("a config whose checkpoint id is undefined means the newest", async () => {
    const { saver } = await newWorld();
    await saver().put(thread("t"), checkpointOf({ a: 1 }), METADATA, { a: 1 });
    const second = checkpointOf({ a: 2 }, 1);
    await saver().put(thread("t"), second, METADATA, { a: 2 });
    const tuple = await saver().getTuple(thread("t", { checkpoint_id: undefined }));
    expect(tuple?.checkpoint.id).toBe(second.id);
    expect(await saver().getTuple({ configurable: {} })).toBeUndefined();
    await expect(saver().put({}, second, METADATA, {})).rejects.toThrow(/thread_id/u);
    await expect(saver().putWrites(thread("t"), [], "task")).rejects.toThrow(/checkpoint_id/u);
  });

  test("a checkpoint may be named as it once was", async () => {
    const { saver } = await newWorld();
    const first = checkpointOf({ a: 1 });
    await saver().put(thread("t"), first, METADATA, { a: 1 });
    await saver().put(thread("t"), checkpointOf({ a: 2 }, 1), METADATA, { a: 2 });
    const tuple = await saver().getTuple(thread("t", { thread_ts: first.id }));
    expect(tuple?.checkpoint.channel_values).toEqual({ a: 1 });
  });

  test("a listing of one checkpoint reads no other", async () => {
    const { saver, os } = await newWorld();
    const steps = Array.from({ length: 5 }, (_, at) => checkpointOf({ at }, at));
    for (const step of steps) await saver().put(thread("t"), step, METADATA, { at: 1 });
    let listings = 0;
    const counting: MemOS = {
      ...os,
      as: (caller) => {
        const session = os.as(caller);
        const list: MemThreads["list"] = async (...asked) => {
          listings += 1;
          return await session.threads.list(...asked);
        };
        return { ...session, threads: { ...session.threads, list } };
      },
    };
    const own = new MemCubeSaver({ os: counting });
    const wanted = thread("t", { checkpoint_id: steps[2]!.id });
    const [found, ...others] = await all(own.list(wanted));
    expect(found?.checkpoint.channel_values).toEqual({ at: 2 });
    expect(others).toEqual([]);
    expect(await all(own.list(wanted, { before: wanted }))).toEqual([]);
    expect(listings).toBe(0);
    const anywhere = { configurable: { thread_id: "t", checkpoint_id: steps[2]!.id } };
    expect(await all(own.list(anywhere))).toHaveLength(1);
  });

  test("checkpoints of all threads are listed by time, the newest first", async () => {
    const { saver } = await newWorld();
    const steps = Array.from({ length: 9 }, (_, at) => checkpointOf({ at }, at));
    for (const [at, step] of steps.entries()) {
      await saver().put(thread(`t${at % 3}`), step, METADATA, { at: 1 });
    }
    const found = await all(saver().list({}));
    const newestFirst = steps.map(({ id }) => id).toReversed();
    expect(found.map(({ checkpoint }) => checkpoint.id)).toEqual(newestFirst);
    const before = thread("t0", { checkpoint_id: steps[5]!.id });
    const older = await all(saver().list({}, { before, limit: 2 }));
    expect(older.map(({ checkpoint }) => checkpoint.id)).toEqual(newestFirst.slice(4, 6));
  });

  test("what has no form is left out, and a circle is cut, as LangGraph's own serializer does", async () => {
    const { saver } = await newWorld();
    const circle: Record<string, unknown> = { name: "circle", run: () => 1, list: [() => 2, 3] };
    circle["self"] = circle;
    circle["twice"] = [circle["list"], circle["list"]];
    const { serde } = new MemorySaver();
    const [type, bytes] = await serde.dumpsTyped(circle);
    const config = await saver().put(thread("t"), checkpointOf({ circle }), METADATA, {
      circle: 1,
    });
    const values = (await saver().getTuple(config))?.checkpoint.channel_values;
    expect(values?.["circle"]).toEqual(await serde.loadsTyped(type, bytes));
  });

  test("ids may be any text", async () => {
    const { saver } = await newWorld();
    for (const name of HOSTILE) {
      const place = thread(name, { checkpoint_ns: name });
      const config = await saver().put(place, checkpointOf({ [name]: name }), METADATA, {
        [name]: 1,
      });
      await saver().putWrites(config, [[name, name]], name);
    }
    for (const name of HOSTILE) {
      const tuple = await saver().getTuple(thread(name, { checkpoint_ns: name }));
      expect(Object.entries(tuple?.checkpoint.channel_values ?? {})).toEqual([[name, name]]);
      expect(tuple?.pendingWrites).toEqual([[name, name, name]]);
    }
    await saver().deleteThread("__proto__");
    expect(
      await saver().getTuple(thread("__proto__", { checkpoint_ns: "__proto__" })),
    ).toBeUndefined();
    expect(await saver().getTuple(thread("*", { checkpoint_ns: "*" }))).toBeDefined();
  });

  test("threads belong to tenant and user", async () => {
    const { saver } = await newWorld();
    const callers = [
      { userId: "ada" },
      { userId: "bob" },
      { userId: "ada", tenantId: "other" },
      { userId: "ada", roles: ["admin"] },
    ];
    const savers = callers.map((caller) => saver({ scope: { caller } }));
    const [ada, bob, other, admin] = savers;
    const config = await ada!.put(thread("t"), checkpointOf({ a: "ada's" }), METADATA, { a: 1 });
    for (const stranger of [bob!, other!]) {
      expect(await stranger.getTuple(config)).toBeUndefined();
      const found = [];
      for await (const one of stranger.list({})) found.push(one);
      expect(found).toEqual([]);
      await stranger.deleteThread("t");
    }
    // Roles change what a user may see of others, not whose threads these are.
    expect((await admin!.getTuple(config))?.checkpoint.channel_values).toEqual({ a: "ada's" });
  });

  test("whose thread it is may follow from the config", async () => {
    const { saver } = await newWorld();
    const scoped = saver({
      scope: ({ configurable }) => ({ caller: { userId: String(configurable?.["user"]) } }),
    });
    await scoped.put(thread("t", { user: "ada" }), checkpointOf({ a: 1 }), METADATA, { a: 1 });
    expect(await scoped.getTuple(thread("t", { user: "bob" }))).toBeUndefined();
    expect(await scoped.getTuple(thread("t", { user: "ada" }))).toBeDefined();
  });

  test("a thread expires as a whole, and each write puts that off", async () => {
    const { saver, clock, os } = await newWorld();
    const kept = saver({ ttlMs: 1_000 });
    const first = await kept.put(thread("t"), checkpointOf({ a: 1 }), METADATA, { a: 1 });
    clock.advance(800);
    const second = await kept.put(first, checkpointOf({ a: 2 }, 1), METADATA, { a: 2 });
    clock.advance(800);
    await kept.putWrites(second, [["a", 3]], "task");
    clock.advance(999);
    expect(await kept.getTuple(first)).toBeDefined();
    expect((await os.as({ userId: "local" }).threads.listThreads()).items).toHaveLength(1);
    clock.advance(1);
    for (const config of [first, second]) expect(await kept.getTuple(config)).toBeUndefined();
    expect((await os.as({ userId: "local" }).threads.listThreads()).items).toEqual([]);
    expect(() => saver({ ttlMs: 0 })).toThrow(/ttlMs/u);
  });

  test("puts at the same time are all kept", async () => {
    const { saver } = await newWorld();
    const long = Array.from(
      { length: 60 },
      (_, at) => new HumanMessage(`message ${at} `.repeat(9)),
    );
    const steps = Array.from({ length: 20 }, (_, at) => checkpointOf({ long, at }, at));
    const configs = await Promise.all(
      steps.map(async (step, at) => {
        const config = await saver().put(thread("t"), step, METADATA, step.channel_versions);
        await saver().putWrites(config, [["at", at]], `task-${at}`);
        return config;
      }),
    );
    const tuples = await Promise.all(configs.map((config) => saver().getTuple(config)));
    for (const [at, tuple] of tuples.entries()) {
      expect(tuple?.checkpoint.channel_values).toEqual({ long, at });
      expect(tuple?.pendingWrites).toEqual([[`task-${at}`, "at", at]]);
    }
  });

  test("a state of 10 MB comes back", async () => {
    const { saver } = await newWorld();
    const letters = Array.from({ length: 26 }, (_, at) => String.fromCharCode(97 + at));
    const text = Array.from({ length: 5_000_000 }, (_, at) => letters[(at * at + at) % 26]).join(
      "",
    );
    const bytes = new Uint8Array(5_000_000).map((_, at) => (at * at) % 251);
    const step = checkpointOf({ text, bytes });
    const config = await saver().put(thread("t"), step, METADATA, step.channel_versions);
    const values = (await saver().getTuple(config))?.checkpoint.channel_values;
    expect(values?.["text"] === text).toBe(true);
    expect(Buffer.compare(values?.["bytes"] as Uint8Array, bytes)).toBe(0);
  });

  test("a serializer of the user writes all values and metadata", async () => {
    const { saver } = await newWorld();
    const serde = flipping();
    const own = saver({ serde });
    const secret = "a secret that is long enough to stand in a chunk of its own ".repeat(3);
    const step = checkpointOf({ secret });
    const config = await own.put(thread("t"), step, { ...METADATA, secret } as never, {
      secret: 1,
    });
    await own.putWrites(config, [["secret", secret]], "task");
    const tuple = await own.getTuple(config);
    expect(tuple?.checkpoint.channel_values).toEqual({ secret });
    expect(tuple?.metadata).toMatchObject({ secret });
    expect(tuple?.pendingWrites).toEqual([["task", "secret", secret]]);
    await expect(saver().getTuple(config)).rejects.toThrow(/Unknown serialization type/u);
  });

  test("what LangGraph's own serializer wrote is read", async () => {
    const { saver } = await newWorld();
    const step = checkpointOf({ value: { map: new Map([[1, new Set([2])]]), again: [/x/gu] } });
    const plain = saver({ serde: new MemorySaver().serde });
    const config = await plain.put(thread("t"), step, METADATA, step.channel_versions);
    expect((await saver().getTuple(config))?.checkpoint.channel_values).toEqual(
      step.channel_values,
    );
  });

  test("what was pruned elsewhere is stored again when it is needed", async () => {
    const { saver, os } = await newWorld();
    const long = ["one long text ".repeat(20), "another long text ".repeat(20)];
    const first = await saver().put(thread("t"), checkpointOf({ long }), METADATA, { long: 1 });
    const second = await saver().put(first, checkpointOf({}, 1), METADATA, {});
    // Behind the back of what this process knows of the thread.
    const { threads } = (os as unknown as { as(caller: object): { threads: Threads } }).as({
      userId: "local",
    });
    expect(await threads.prune("t", { keep: 1 })).toBe(1);
    const third = await saver().put(second, checkpointOf({ long }, 2), METADATA, { long: 3 });
    expect((await saver().getTuple(third))?.checkpoint.channel_values).toEqual({ long });
  });

  test("a closed memory OS says so", async () => {
    const { saver, os } = await newWorld();
    const own = saver();
    await os.close();
    const closed = expect.objectContaining({ code: "MEMCUBE_CLOSED" }) as unknown;
    await expect(own.getTuple(thread("t"))).rejects.toEqual(closed);
    await expect(own.put(thread("t"), checkpointOf({}), METADATA, {})).rejects.toEqual(closed);
    await expect(own.deleteThread("t")).rejects.toEqual(closed);
  });
});

interface Threads {
  prune(threadId: string, options: { keep: number }): Promise<number>;
}

/** Writes what LangGraph's own serializer writes, each byte turned over. */
function flipping(): SerializerProtocol {
  const inner = new MemorySaver().serde;
  const flip = (bytes: Uint8Array): Uint8Array => bytes.map((byte) => 255 - byte);
  return {
    dumpsTyped: async (value) => {
      const [type, bytes] = await inner.dumpsTyped(value);
      return [`flipped-${type}`, flip(bytes)];
    },
    loadsTyped: async (type, bytes) =>
      (await inner.loadsTyped(type.replace("flipped-", ""), flip(bytes as Uint8Array))) as unknown,
  };
}

class Custom extends Error {
  readonly detail = new Map([["x", 1]]);
  override name = "Custom";
}

const TYPES: Readonly<Record<string, () => unknown>> = {
  "a map": () =>
    new Map<unknown, unknown>([
      ["a", new Map([[1, new Set(["x"])]])],
      [{ k: 1 }, null],
    ]),
  "a set": () => new Set([1, "1", new Date(0)]),
  "a date": () => ({ at: new Date(1_700_000_000_123), none: new Date(Number.NaN).getTime() }),
  "a regular expression": () => [/a\/b/giu],
  "a bigint": () => 2n ** 80n,
  numbers: () => [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0.1, 1e300],
  undefined: () => ({ here: undefined, list: [undefined, null] }),
  bytes: () => ({
    some: Uint8Array.of(0, 255, 7),
    many: new Uint8Array(1_000).fill(3),
    none: new Uint8Array(),
  }),
  "other views of bytes": () => [
    Float32Array.of(1.5, -2),
    BigInt64Array.of(5n),
    new ArrayBuffer(3),
  ],
  "texts of all kinds": () => ["~", "~s", "\0", "\ud800", "~l".repeat(100), "绿茶".repeat(100)],
  "objects that look like records": () => [
    { lc: 2, type: "constructor", id: ["Map"], method: null, args: [[[1, 2]]], kwargs: {} },
    { lc: 1, type: "constructor", id: ["langchain_core", "messages", "AIMessage"], kwargs: {} },
    { __lc_escaped__: 1 },
  ],
  "a snapshot of a delta channel": () =>
    new DeltaSnapshot([new HumanMessage({ content: "x", id: "1" })]),
  messages: () => [
    new HumanMessage({ content: [{ type: "text", text: "hi" }], id: "1", name: "ada" }),
    new AIMessage({
      content: "yes",
      tool_calls: [{ name: "find", args: { deepKey: { aB: 1 } }, id: "call_1", type: "tool_call" }],
      usage_metadata: { input_tokens: 1, output_tokens: 2, total_tokens: 3 },
      additional_kwargs: { lc: 1, fooBar: [{ lc: 2, type: "undefined" }] },
    }),
    new ToolMessage({ content: "r", tool_call_id: "call_1", artifact: { map: new Map([[1, 2]]) } }),
    new SystemMessage("be kind"),
    new RemoveMessage({ id: "1" }),
    new AIMessageChunk({
      content: "c",
      tool_call_chunks: [{ name: "t", args: "{", index: 0, id: "1" }],
    }),
  ],
};

describe("values that compare badly", () => {
  eachStorage((_name, open) => {
    const newWorld = saverWorlds(open);
    test("errors keep class, name, cause and fields; other classes of LangChain come back", async () => {
      const { saver } = await newWorld();
      const error = new TypeError("bad", { cause: new RangeError("why") });
      const all = new AggregateError([new Error("one")], "many");
      const prompt = ChatPromptTemplate.fromMessages([["human", "{question}"]]);
      const invalid = new Date(Number.NaN);
      const step = checkpointOf({ error, all, custom: new Custom("own"), prompt, invalid });
      const config = await saver().put(thread("t"), step, METADATA, step.channel_versions);
      const values = (await saver().getTuple(config))?.checkpoint.channel_values ?? {};
      expect(values["error"]).toBeInstanceOf(TypeError);
      expect(values["error"]).toMatchObject({
        message: "bad",
        stack: error.stack,
        cause: error.cause,
      });
      expect((values["error"] as Error).cause).toBeInstanceOf(RangeError);
      expect((values["all"] as AggregateError).errors).toMatchObject([{ message: "one" }]);
      expect(values["custom"]).toMatchObject({ name: "Custom", detail: new Map([["x", 1]]) });
      expect(values["prompt"]).toBeInstanceOf(ChatPromptTemplate);
      expect(values["invalid"]).toBeInstanceOf(Date);
      expect(String(values["invalid"])).toBe("Invalid Date");
    });
  });
});
