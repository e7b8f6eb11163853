/** How control goes: fan-outs, commands, deferred nodes, subgraphs with and without threads of their own. */
import { Annotation, Command, END, interrupt, Send, START, StateGraph } from "@langchain/langgraph";

import { Log } from "../graphs.ts";
import { all } from "../saver-world.ts";
import { on, type Scenario } from "../scenario.ts";

const MODES = ["values", "updates", "checkpoints", "tasks", "custom"] as const;
const DURABILITIES = ["sync", "async", "exit"] as const;

const log = (text: string) => () => ({ log: [text] });

/** A subgraph that counts its own runs in its own state. */
function counting(checkpointer: true | false | undefined) {
  const Own = Annotation.Root({
    log: Log.spec.log,
    count: Annotation<number>({ reducer: (a, b) => a + b, default: () => 0 }),
  });
  return new StateGraph(Own)
    .addNode("add", ({ count }) => ({ count: 1, log: [`count ${count}`] }))
    .addNode("tell", ({ count }) => ({ log: [`told ${count}`] }))
    .addEdge(START, "add")
    .addEdge("add", "tell")
    .compile(checkpointer === undefined ? {} : { checkpointer });
}

const subgraphs = Object.fromEntries(
  [true, false, undefined].flatMap((own) =>
    DURABILITIES.map((durability): [string, Scenario] => [
      `a subgraph with checkpointer ${String(own)}, durability ${durability}`,
      async ({ saver, restart, note, look }) => {
        const build = () =>
          new StateGraph(Log)
            .addNode("child", counting(own))
            .addNode("after", log("after"))
            .addEdge(START, "child")
            .addEdge("child", "after")
            .compile({ checkpointer: saver(), interruptBefore: ["after"] });
        for (const turn of [1, 2, 3]) {
          note(`turn ${turn}`, await build().invoke({ n: turn, log: [] }, on({ durability })));
          if (turn === 2) await restart();
          await look(`turn ${turn}`, build());
        }
      },
    ]),
  ),
);

const streams = Object.fromEntries(
  DURABILITIES.map((durability): [string, Scenario] => [
    `every stream of a run, durability ${durability}`,
    async ({ saver, note, look }) => {
      const build = () =>
        new StateGraph(Log)
          .addNode("a", (_state, { writer }) => {
            writer?.({ custom: ["a"] });
            return { log: ["a"] };
          })
          .addNode("child", counting(undefined))
          .addNode("ask", () => ({ log: [String(interrupt("?"))] }))
          .addEdge(START, "a")
          .addEdge("a", "child")
          .addEdge("child", "ask")
          .compile({ checkpointer: saver() });
      const options = on({ streamMode: [...MODES], subgraphs: true, durability });
      note("asked", await all(await build().stream({ n: 1 }, options)));
      await look("asked", build());
      note("done", await all(await build().stream(new Command({ resume: "yes" }), options)));
      await look("done", build());
    },
  ]),
);

export const FLOWS: Readonly<Record<string, Scenario>> = {
  ...subgraphs,
  ...streams,

  "sends of sends, to nodes and subgraphs": async ({ saver, note, look }) => {
    const build = () =>
      new StateGraph(Log)
        .addNode("fan", log("fan"))
        .addNode(
          "work",
          ({ n }) => {
            if (n > 2) return { log: [`leaf ${n}`] };
            return new Command({
              update: { log: [`work ${n}`] },
              goto: [new Send("work", { n: n * 3 }), new Send("child", { n: n * 5, log: [] })],
            });
          },
          { ends: ["work", "child"] },
        )
        .addNode("child", counting(undefined))
        .addEdge(START, "fan")
        .addConditionalEdges("fan", () => [1, 2].map((n) => new Send("work", { n })))
        .compile({ checkpointer: saver() });
    note("done", await build().invoke({ n: 1 }, on()));
    await look("done", build());
  },

  "values of many kinds, and none": async ({ saver, restart, note, look }) => {
    const State = Annotation.Root({
      any: Annotation<unknown>,
      all: Annotation<unknown[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }),
    });
    const values: unknown[] = [
      null,
      0,
      "",
      false,
      [],
      {},
      [undefined, null],
      { here: undefined, deep: { list: [[[]]] } },
      new Map<unknown, unknown>([[{ k: 1 }, new Set(["x"])]]),
      /a\/b/giu,
      undefined,
      "\u0000\ud83d\ude00 绿茶",
      "long ".repeat(2_000),
    ];
    const build = () =>
      new StateGraph(State)
        .addNode("next", ({ all }) => ({ any: values[all.length], all: [values[all.length]] }))
        .addEdge(START, "next")
        .addConditionalEdges("next", ({ all }) => (all.length < values.length ? "next" : END))
        .compile({ checkpointer: saver() });
    note("done", await build().invoke({ any: "first" }, on()));
    await restart();
    await look("done", build());
  },

  "a subgraph with a thread of its own is called in a loop": async (stage) => {
    const { saver, restart, note, look } = stage;
    const build = () => {
      const child = counting(true);
      return new StateGraph(Log)
        .addNode("call", async ({ log: said }, config) => {
          const { log: told } = await child.invoke({ log: [] }, config);
          return { log: [`${said.length}: ${told.length}`] };
        })
        .addEdge(START, "call")
        .addConditionalEdges("call", ({ log: said }) => (said.length % 3 === 0 ? END : "call"))
        .compile({ checkpointer: saver() });
    };
    note("first", await build().invoke({ n: 1 }, on()));
    await restart();
    note("second", await build().invoke({ n: 2 }, on()));
    await look("second", build());
  },

  "a deferred node waits for the longer branch": async ({ saver, restart, note, look }) => {
    const build = () =>
      new StateGraph(Log)
        .addNode("a", log("a"))
        .addNode("long1", log("long1"))
        .addNode("long2", () => ({ log: [String(interrupt("long?"))] }))
        .addNode("short", log("short"))
        .addNode("join", ({ log: said }) => ({ log: [`join ${said.length}`] }), { defer: true })
        .addEdge(START, "a")
        .addEdge("a", "long1")
        .addEdge("a", "short")
        .addEdge("long1", "long2")
        .addEdge("long2", "join")
        .addEdge("short", "join")
        .compile({ checkpointer: saver() });
    note("asked", await build().invoke({ n: 1 }, on()));
    await look("asked", build());
    await restart();
    note("done", await build().invoke(new Command({ resume: "yes" }), on()));
    await look("done", build());
  },

  "a join waits for all of its nodes": async ({ saver, restart, note, look }) => {
    const build = () =>
      new StateGraph(Log)
        .addNode("a", log("a"))
        .addNode("b", log("b"))
        .addNode("b2", () => ({ log: [String(interrupt("b2?"))] }))
        .addNode("join", log("join"))
        .addEdge(START, "a")
        .addEdge(START, "b")
        .addEdge("b", "b2")
        .addEdge(["a", "b2"], "join")
        .compile({ checkpointer: saver() });
    note("asked", await build().invoke({ n: 1 }, on()));
    await look("asked", build());
    await restart();
    note("done", await build().invoke(new Command({ resume: "b2" }), on()));
    await look("done", build());
    note("again", await build().invoke({ n: 2 }, on()));
    await look("again", build());
  },

  "commands go on, and up to the parent": async ({ saver, restart, note, look }) => {
    const build = () => {
      const child = new StateGraph(Log)
        .addNode("inside", () => {
          const answer = String(interrupt("up?"));
          return new Command({
            graph: Command.PARENT,
            update: { log: [`up ${answer}`], n: 42 },
            goto: "above",
          });
        })
        .addEdge(START, "inside")
        .compile();
      return new StateGraph(Log)
        .addNode("route", () => new Command({ goto: "child", update: { log: ["route"] } }), {
          ends: ["child"],
        })
        .addNode("child", child, { ends: ["above"] })
        .addNode("above", ({ n }) => ({ log: [`above ${n}`] }))
        .addEdge(START, "route")
        .compile({ checkpointer: saver() });
    };
    note("asked", await build().invoke({ n: 1 }, on()));
    await look("asked", build());
    await restart();
    note("done", await build().invoke(new Command({ resume: "yes" }), on()));
    await look("done", build());
    note(
      "told to go",
      await build().invoke(new Command({ goto: "above", update: { n: 7 } }), on()),
    );
    await look("told to go", build());
  },

  "a graph is called from a node": async ({ saver, restart, note, look }) => {
    const build = () => {
      const child = new StateGraph(Log)
        .addNode("ask", () => ({ log: [String(interrupt("child?"))] }))
        .addEdge(START, "ask")
        .compile();
      return new StateGraph(Log)
        .addNode("call", async ({ n }, config) => {
          const { log: said } = await child.invoke({ n, log: [] }, config);
          return { log: said.map((text) => `called: ${text}`) };
        })
        .addEdge(START, "call")
        .compile({ checkpointer: saver() });
    };
    note("asked", await build().invoke({ n: 1 }, on()));
    await look("asked", build());
    await restart();
    note("done", await build().invoke(new Command({ resume: "yes" }), on()));
    await look("done", build());
  },
};
