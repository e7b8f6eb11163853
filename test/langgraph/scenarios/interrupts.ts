/** People are asked: in nodes, in parallel, in subgraphs, before and after nodes. */
import {
  Annotation,
  Command,
  END,
  interrupt,
  type Interrupt,
  Send,
  START,
  StateGraph,
} from "@langchain/langgraph";

import { Log } from "../graphs.ts";
import { all } from "../saver-world.ts";
import { on, type Scenario } from "../scenario.ts";

/** Ids of what a run asked, by what was asked. */
function idsOf(asked: unknown): Map<unknown, string> {
  const { __interrupt__ = [] } = asked as { __interrupt__?: Interrupt[] };
  return new Map(__interrupt__.map(({ id, value }) => [value, id ?? ""]));
}

export const INTERRUPTS: Readonly<Record<string, Scenario>> = {
  "one task asks three times": async ({ saver, restart, note, look }) => {
    const seen: string[] = [];
    const build = () =>
      new StateGraph(Log)
        .addNode("ask", () => {
          seen.push("run");
          const answers = ["one", "two", "three"].map((question) => String(interrupt(question)));
          return { log: answers };
        })
        .addEdge(START, "ask")
        .addEdge("ask", END)
        .compile({ checkpointer: saver() });
    note("asked", await build().invoke({ n: 1 }, on()));
    await look("one", build());
    note("two", await build().invoke(new Command({ resume: "a" }), on()));
    await restart();
    await look("two", build());
    note("three", await build().invoke(new Command({ resume: "b" }), on()));
    note("again", await build().invoke(null, on()));
    note("done", await build().invoke(new Command({ resume: "c" }), on()));
    await look("done", build());
    note("runs", seen);
  },

  "parallel tasks ask and are answered by a map of ids": async ({
    saver,
    restart,
    note,
    look,
    fails,
  }) => {
    const build = () =>
      new StateGraph(Log)
        .addNode("fan", () => ({}))
        .addNode("ask", ({ item }: { item?: number }) => ({
          log: [`${item} ${String(interrupt(`question ${item}`))}`],
        }))
        .addNode("after", () => ({ log: ["after"] }))
        .addEdge(START, "fan")
        .addConditionalEdges("fan", () => [1, 2, 3].map((item) => new Send("ask", { item })))
        .addEdge("ask", "after")
        .addEdge("after", END)
        .compile({ checkpointer: saver() });
    const asked = await build().invoke({ n: 1 }, on());
    note("asked", asked);
    await look("asked", build());
    await fails("one answer for several", build().invoke(new Command({ resume: "x" }), on()));
    const ids = idsOf(asked);
    await restart();
    const some = { [ids.get("question 2")!]: "second" };
    note("some", await build().invoke(new Command({ resume: some }), on()));
    await look("some", build());
    const others = {
      [ids.get("question 1")!]: "first",
      [ids.get("question 3")!]: { third: [3] },
    };
    note("all", await build().invoke(new Command({ resume: others }), on()));
    await look("all", build());
  },

  "a question beside a node that is done": async ({ saver, note, look }) => {
    const runs: string[] = [];
    const build = () =>
      new StateGraph(Log)
        .addNode("ask", () => ({ log: [String(interrupt({ deep: { question: [1] } }))] }))
        .addNode("beside", () => {
          runs.push("beside");
          return { log: ["beside"] };
        })
        .addEdge(START, "ask")
        .addEdge(START, "beside")
        .addEdge("ask", END)
        .addEdge("beside", END)
        .compile({ checkpointer: saver() });
    note("asked", await build().invoke({ n: 1 }, on()));
    await look("asked", build());
    note("done", await build().invoke(new Command({ resume: "yes", update: { n: 7 } }), on()));
    await look("done", build());
    note("runs", runs);
  },

  "stops before and after nodes": async ({ saver, restart, note, look }) => {
    const build = () =>
      new StateGraph(Log)
        .addNode("a", () => ({ log: ["a"] }))
        .addNode("b", () => ({ log: ["b"] }))
        .addNode("c", () => ({ log: ["c"] }))
        .addEdge(START, "a")
        .addEdge("a", "b")
        .addEdge("b", "c")
        .addEdge("c", END)
        .compile({ checkpointer: saver(), interruptBefore: ["b"], interruptAfter: ["b"] });
    note("before", await build().invoke({ n: 1 }, on()));
    await look("before", build());
    await build().updateState(on(), { log: ["by hand"] });
    await restart();
    note("after", await build().invoke(null, on()));
    await look("after", build());
    note("done", await build().invoke(null, on()));
    note("everywhere", await build().invoke({ n: 2 }, on({ interruptAfter: "*" as const }, "u")));
    await look("everywhere", build(), on({}, "u"));
  },

  "a subgraph in a subgraph asks": async ({ saver, restart, note, look }) => {
    const build = () => {
      const inner = new StateGraph(Log)
        .addNode("before", () => ({ log: ["before"] }))
        .addNode("ask", () => ({ log: [String(interrupt("inner?"))] }))
        .addEdge(START, "before")
        .addEdge("before", "ask")
        .compile();
      const middle = new StateGraph(Log)
        .addNode("inner", inner)
        .addNode("middle", () => ({ log: [String(interrupt("middle?"))] }))
        .addEdge(START, "inner")
        .addEdge("inner", "middle")
        .compile();
      return new StateGraph(Log)
        .addNode("outer", middle)
        .addNode("last", () => ({ log: ["last"] }))
        .addEdge(START, "outer")
        .addEdge("outer", "last")
        .compile({ checkpointer: saver() });
    };
    note("inner", await build().invoke({ n: 1 }, on()));
    await look("inner", build());
    await restart();
    note("middle", await build().invoke(new Command({ resume: "to inner" }), on()));
    await look("middle", build());
    const chunks = [];
    const options = on({ streamMode: ["updates" as const, "values" as const], subgraphs: true });
    for await (const chunk of await build().stream(new Command({ resume: "ok" }), options)) {
      chunks.push(chunk);
    }
    note("last", chunks);
    await look("last", build());
  },

  "subgraphs that are sent to ask side by side": async ({ saver, restart, note, look }) => {
    const build = () => {
      const child = new StateGraph(Log)
        .addNode("before", ({ n }) => ({ log: [`before ${n}`] }))
        .addNode("ask", ({ n }) => ({ log: [`${n} ${String(interrupt(`child ${n}?`))}`] }))
        .addEdge(START, "before")
        .addEdge("before", "ask")
        .compile();
      return new StateGraph(Log)
        .addNode("fan", () => ({}))
        .addNode("child", async ({ n }, config) => {
          const { log } = await child.invoke({ n, log: [] }, config);
          return { log };
        })
        .addEdge(START, "fan")
        .addConditionalEdges("fan", () => [1, 2].map((n) => new Send("child", { n, log: [] })))
        .compile({ checkpointer: saver() });
    };
    const asked = await build().invoke({ n: 0 }, on());
    note("asked", asked);
    await look("asked", build());
    await restart();
    const ids = idsOf(asked);
    const second = { [ids.get("child 2?")!]: "two" };
    note("second", await build().invoke(new Command({ resume: second }), on()));
    await look("second", build());
    note("first", await build().invoke(new Command({ resume: "one" }), on()));
    await look("first", build());
  },

  ...Object.fromEntries(
    (["sync", "async", "exit"] as const).map((durability): [string, Scenario] => [
      `questions above and below, and a failure, durability ${durability}`,
      async ({ saver, restart, note, look, fails }) => {
        let runs = 0;
        const build = () => {
          const child = new StateGraph(Log)
            .addNode("one", () => ({ log: [`one ${String(interrupt("one?"))}`] }))
            .addNode("two", () => {
              runs += 1;
              const answer = String(interrupt("two?"));
              if (runs < 3) throw new Error(`run ${runs}`);
              return { log: [`two ${answer}`] };
            })
            .addEdge(START, "one")
            .addEdge("one", "two")
            .compile();
          return new StateGraph(Log)
            .addNode("above", () => ({ log: [`above ${String(interrupt("above?"))}`] }))
            .addNode("child", child)
            .addEdge(START, "above")
            .addEdge("above", "child")
            .compile({ checkpointer: saver() });
        };
        const options = on({ durability });
        await fails("start", build().invoke({ n: 1 }, options));
        for (const resume of ["a", "b", "c"]) {
          await fails(resume, build().invoke(new Command({ resume }), options));
          await restart();
          await look(resume, build());
        }
        await fails("again", build().invoke(null, options));
        await look("again", build());
        note("runs", runs);
      },
    ]),
  ),

  "state of a waiting subgraph is changed, and forked": async ({ saver, note, look }) => {
    const Child = Annotation.Root({ log: Log.spec.log, draft: Annotation<string> });
    const build = () => {
      const child = new StateGraph(Child)
        .addNode("write", () => ({ draft: "first draft" }))
        .addNode("send", ({ draft }) => ({ log: [`sent ${draft}`] }))
        .addEdge(START, "write")
        .addEdge("write", "send")
        .compile({ interruptBefore: ["send"] });
      return new StateGraph(Log)
        .addNode("child", child)
        .addEdge(START, "child")
        .compile({ checkpointer: saver() });
    };
    await build().invoke({ n: 1 }, on());
    const { tasks } = await build().getState(on(), { subgraphs: true });
    const { config: within } = tasks[0]!.state as { config: ReturnType<typeof on> };
    const changed = await build().updateState(within, { draft: "second draft" });
    note("changed", changed);
    await look("changed", build());
    note("its own history", await all(build().getStateHistory(within)));
    note("done", await build().invoke(null, on()));
    await look("done", build());
  },
};
