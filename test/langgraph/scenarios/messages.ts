/** Messages of all kinds in ordinary and in delta channels. */
import {
  AIMessage,
  AIMessageChunk,
  type BaseMessage,
  ChatMessage,
  FunctionMessage,
  HumanMessage,
  RemoveMessage,
  SystemMessage,
  ToolMessage,
} from "@langchain/core/messages";
import {
  Command,
  DeltaValue,
  interrupt,
  type Messages,
  MessagesAnnotation,
  messagesDeltaReducer,
  MessagesDeltaValue,
  Overwrite,
  REMOVE_ALL_MESSAGES,
  START,
  StateGraph,
  StateSchema,
} from "@langchain/langgraph";
import { z } from "zod";

import { all } from "../saver-world.ts";
import { on, type Scenario } from "../scenario.ts";

type Saver = Parameters<Scenario>[0]["saver"];

const PNG = "data:image/png;base64,iVBORw0KGgo=";

const KINDS: readonly BaseMessage[] = [
  new SystemMessage({ content: "be kind", id: "s" }),
  new HumanMessage({
    id: "h",
    name: "ada",
    content: [
      { type: "text", text: "what is this?" },
      { type: "image_url", image_url: { url: PNG, detail: "low" } },
      { type: "file", source_type: "base64", mime_type: "application/pdf", data: "AAAA" },
    ],
    additional_kwargs: { own: { deep: [1, null, "x"] }, lc: 1 },
    response_metadata: { at: "now" },
  }),
  new AIMessage({
    id: "a",
    content: [{ type: "text", text: "let me see" }],
    tool_calls: [{ id: "c1", name: "look", args: { url: PNG, deep: { a: [] } } }],
    invalid_tool_calls: [{ id: "c2", name: "bad", args: "{", error: "no JSON" }],
    usage_metadata: {
      input_tokens: 5,
      output_tokens: 7,
      total_tokens: 12,
      input_token_details: { cache_read: 2 },
    },
    response_metadata: { model_name: "m", finish_reason: "tool_calls" },
  }),
  new ToolMessage({
    id: "t",
    tool_call_id: "c1",
    name: "look",
    content: "a cat",
    status: "error",
    artifact: { documents: [{ page: 1 }] },
  }),
  new ChatMessage({ role: "critic", content: "hm", id: "x" }),
  new FunctionMessage({ name: "old", content: "{}", id: "f" }),
  new AIMessageChunk({
    id: "chunk",
    content: "str",
    tool_call_chunks: [{ name: "t", args: '{"a":', index: 0, id: "c3" }],
  }),
];

/** As `MessagesDeltaValue`, with a snapshot after each third update. */
const FREQUENT = new DeltaValue(
  z.custom<BaseMessage[]>(Array.isArray).default(() => []),
  {
    inputSchema: z.custom<Messages>(),
    reducer: messagesDeltaReducer,
    snapshotFrequency: 3,
  },
);

const reply = ({ messages }: { messages: BaseMessage[] }) => ({
  messages: [new AIMessage({ id: `reply ${messages.length}`, content: `${messages.length}` })],
});

const ask = () => ({ messages: [new HumanMessage({ id: "q", content: String(interrupt("?")) })] });

/** A model that answers, then a person who is asked. */
const CHATS = {
  ordinary: (saver: Saver) =>
    new StateGraph(MessagesAnnotation)
      .addNode("model", reply)
      .addNode("ask", ask)
      .addEdge(START, "model")
      .addEdge("model", "ask")
      .compile({ checkpointer: saver() }),
  delta: (saver: Saver) =>
    new StateGraph(new StateSchema({ messages: MessagesDeltaValue }))
      .addNode("model", reply)
      .addNode("ask", ask)
      .addEdge(START, "model")
      .addEdge("model", "ask")
      .compile({ checkpointer: saver() }),
  frequent: (saver: Saver) =>
    new StateGraph(new StateSchema({ messages: FREQUENT }))
      .addNode("model", reply)
      .addNode("ask", ask)
      .addEdge(START, "model")
      .addEdge("model", "ask")
      .compile({ checkpointer: saver() }),
};

const turns = Object.fromEntries(
  (["ordinary", "delta", "frequent"] as const).flatMap((kind) =>
    (["sync", "async", "exit"] as const).map((durability): [string, Scenario] => [
      `${kind} messages of all kinds, removals, forks, durability ${durability}`,
      async ({ saver, restart, note, look }) => {
        const build = () => CHATS[kind](saver);
        note("all kinds", await build().invoke({ messages: [...KINDS] }, on({ durability })));
        await look("all kinds", build());
        await restart();
        note("answered", await build().invoke(new Command({ resume: "me" }), on({ durability })));
        await look("answered", build());
        const gone = [
          new RemoveMessage({ id: "h" }),
          new HumanMessage({ id: "a", content: "new a" }),
        ];
        note("removed", await build().invoke({ messages: gone }, on({ durability })));
        await look("removed", build());
        const states = await all(build().getStateHistory(on()));
        const fork = await build().updateState(states[0]?.config ?? {}, {
          messages: [new HumanMessage({ id: "fork", content: "fork" })],
        });
        note("fork", await build().getState(fork));
        await restart();
        note("fork run", await build().invoke(null, fork));
        await look("fork", build());
        const none = new RemoveMessage({ id: REMOVE_ALL_MESSAGES });
        note("emptied", await build().invoke({ messages: [none] }, on({ durability })));
        await look("emptied", build());
        for (let turn = 0; turn < 5; turn += 1) {
          await build().invoke(new Command({ resume: `turn ${turn}` }), on({ durability }));
          await build().invoke(
            { messages: [new HumanMessage({ id: `h${turn}`, content: "hi" })] },
            on({ durability }),
          );
        }
        await look("longer", build());
      },
    ]),
  ),
);

export const MESSAGES: Readonly<Record<string, Scenario>> = {
  ...turns,

  "messages are changed where they lie": async ({ saver, restart, note, look }) => {
    const build = () =>
      new StateGraph(MessagesAnnotation)
        .addNode("write", () => ({
          messages: [
            new AIMessage({
              id: "a",
              content: [{ type: "text", text: "draft" }],
              tool_calls: [{ id: "c", name: "look", args: { deep: { n: 1 } } }],
              additional_kwargs: { seen: [1] },
            }),
          ],
        }))
        .addNode("change", ({ messages }) => {
          const [asked, drafted] = messages as [HumanMessage, AIMessage];
          asked.content = "changed question";
          drafted.content = [{ type: "text", text: "changed draft" }];
          drafted.tool_calls![0]!.args["deep"] = { n: 2 };
          (drafted.additional_kwargs["seen"] as number[]).push(2);
          drafted.response_metadata = { model: "m" };
          return { messages: [] };
        })
        .addNode("after", () => ({ messages: [new AIMessage({ id: "b", content: "after" })] }))
        .addEdge(START, "write")
        .addEdge("write", "change")
        .addEdge("change", "after")
        .compile({ checkpointer: saver() });
    const asked = [new HumanMessage({ id: "h", content: "question" })];
    note("done", await build().invoke({ messages: asked }, on({ durability: "sync" as const })));
    await look("done", build());
    await restart();
    await look("again", build());
  },

  "a delta channel of anything, overwritten and copied": async ({ saver, restart, note, look }) => {
    const State = new StateSchema({
      notes: new DeltaValue(
        z.array(z.string()).default(() => []),
        { reducer: (said, writes) => [...said, ...writes.flat()], snapshotFrequency: 4 },
      ),
    });
    const build = () =>
      new StateGraph(State)
        .addNode("a", ({ notes }) => ({ notes: [`a${notes.length}`] }))
        .addNode("b", ({ notes }) => ({
          notes: notes.length > 6 ? new Overwrite(["over"]) : ["b"],
        }))
        .addEdge(START, "a")
        .addEdge("a", "b")
        .compile({ checkpointer: saver() });
    for (let turn = 0; turn < 5; turn += 1) {
      note(`turn ${turn}`, await build().invoke({ notes: [`in${turn}`] }, on()));
      if (turn === 2) await restart();
    }
    await look("turns", build());
    const [last] = await all(build().getStateHistory(on()));
    const copy = await build().updateState(last!.config, null, "__copy__");
    note("copy", await build().getState(copy));
    note("after the copy", await build().invoke({ notes: ["more"] }, on()));
    await look("copy", build());
  },
};
