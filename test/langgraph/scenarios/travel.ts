/** The past: replays, forks, states set by hand; several runs of one thread, and its end. */
import { Command, END, interrupt, START, StateGraph } from "@langchain/langgraph";
import type { RunnableConfig } from "@langchain/core/runnables";

import { Log } from "../graphs.ts";
import { all } from "../saver-world.ts";
import { on, type Scenario } from "../scenario.ts";

type Saver = Parameters<Scenario>[0]["saver"];

function asking(saver: Saver, runs: string[] = []) {
  const child = new StateGraph(Log)
    .addNode("in", ({ n }) => {
      runs.push(`in ${n}`);
      return { log: [`in ${n}`] };
    })
    .addNode("ask", () => ({ log: [String(interrupt("child?"))] }))
    .addEdge(START, "in")
    .addEdge("in", "ask")
    .compile();
  return new StateGraph(Log)
    .addNode("a", ({ n }) => ({ log: [`a ${n}`] }))
    .addNode("child", child)
    .addNode("b", ({ n }) => ({ log: [`b ${n}`], n: n + 1 }))
    .addEdge(START, "a")
    .addEdge("a", "child")
    .addEdge("child", "b")
    .addEdge("b", END)
    .compile({ checkpointer: saver() });
}

async function stepOf(
  graph: ReturnType<typeof asking>,
  next: string,
  config: RunnableConfig = on(),
): Promise<RunnableConfig> {
  const states = await all(graph.getStateHistory(config));
  return states.find((state) => state.next[0] === next)?.config ?? {};
}

export const TRAVEL: Readonly<Record<string, Scenario>> = {
  "every point of the past is run again": async ({ saver, restart, note, look }) => {
    const runs: string[] = [];
    await asking(saver, runs).invoke({ n: 1 }, on());
    await asking(saver, runs).invoke(new Command({ resume: "yes" }), on());
    for (const next of ["b", "child", "a"]) {
      await restart();
      const graph = asking(saver, runs);
      note(`from ${next}`, await graph.invoke(null, await stepOf(graph, next)));
      await look(`from ${next}`, graph);
      const { next: open } = await graph.getState(on());
      if (open.length === 0) continue;
      note(`answered ${next}`, await graph.invoke(new Command({ resume: `from ${next}` }), on()));
      await look(`answered ${next}`, graph);
    }
    note("runs", runs);
  },

  "another answer to a question of the past": async ({ saver, note, look }) => {
    const graph = asking(saver);
    await graph.invoke({ n: 1 }, on());
    await graph.invoke(new Command({ resume: "yes" }), on());
    const asked = await stepOf(graph, "child");
    note("no", await graph.invoke(new Command({ resume: "no" }), asked));
    await look("no", graph);
  },

  "forks: as a node, with values, copied, ended": async ({ saver, restart, note, look }) => {
    const graph = asking(saver);
    await graph.invoke({ n: 1 }, on());
    await graph.invoke(new Command({ resume: "yes" }), on());
    const beforeB = await stepOf(graph, "b");
    const values = await graph.updateState(beforeB, { n: 50 });
    note("values", await graph.getState(values));
    note("values run", await graph.invoke(null, values));
    await restart();
    const again = asking(saver);
    const asNode = await again.updateState(beforeB, { log: ["as a"] }, "a");
    note("as node", await again.getState(asNode));
    await look("as node", again);
    const copy = await again.updateState(beforeB, null, "__copy__");
    note("copy", await again.getState(copy));
    note("copy run", await again.invoke(null, copy));
    const ended = await again.updateState(beforeB, null, END);
    note("ended", await again.getState(ended));
    await look("all", again);
  },

  "states are set by hand before anything ran": async ({ saver, note, look }) => {
    const graph = asking(saver);
    await graph.updateState(on(), { log: ["by hand"], n: 3 }, "a");
    await look("set", graph);
    note("run", await graph.invoke(null, on()));
    const bulk = await graph.bulkUpdateState(on({}, "bulk"), [
      { updates: [{ values: { n: 1 }, asNode: START }] },
      { updates: [{ values: { log: ["x"] }, asNode: "a" }] },
      { updates: [{ values: { log: ["y"] }, asNode: "child" }] },
    ]);
    note("bulk", await graph.getState(bulk));
    await look("bulk", graph, on({}, "bulk"));
    note("bulk run", await graph.invoke(null, on({}, "bulk")));
  },

  "a question is gone past by hand": async ({ saver, note, look }) => {
    const graph = asking(saver);
    await graph.invoke({ n: 1 }, on());
    await graph.updateState(on(), { log: ["answered by hand"] }, "child");
    await look("by hand", graph);
    note("done", await graph.invoke(null, on()));
    await graph.invoke({ n: 2 }, on({}, "u"));
    note("new input while waiting", await graph.invoke({ n: 3 }, on({}, "u")));
    await look("new input while waiting", graph, on({}, "u"));
  },

  "pages of the history": async ({ saver, note }) => {
    const graph = asking(saver);
    for (const n of [1, 2]) {
      await graph.invoke({ n }, on({ metadata: { run: n, tags: ["x"] } }));
      await graph.invoke(new Command({ resume: "yes" }), on());
    }
    const page = async (options: object) => await all(graph.getStateHistory(on(), options));
    note("two", await page({ limit: 2 }));
    const [, , third] = await page({});
    note("older", await page({ before: third?.config, limit: 3 }));
    note("by source", await page({ filter: { source: "input" } }));
    note("by step", await page({ filter: { step: 1 } }));
    note("by own metadata", await page({ filter: { run: 2 } }));
    note("none", await page({ filter: { run: 3 } }));
    note("zero", await page({ limit: 0 }));
  },

  "a thread is deleted and begun again": async ({ saver, restart, note, look }) => {
    const graph = asking(saver);
    await graph.invoke({ n: 1 }, on());
    await graph.invoke({ n: 9 }, on({}, "other"));
    await saver().deleteThread("t");
    await restart();
    await look("deleted", asking(saver));
    await look("other", asking(saver), on({}, "other"));
    note("anew", await asking(saver).invoke({ n: 2 }, on()));
    await look("anew", asking(saver));
  },

  "runs of many threads at once": async ({ saver, look }) => {
    const graph = asking(saver);
    const names = ["a", "b", "c", "d", "e"];
    await Promise.all(names.map((name, n) => graph.invoke({ n }, on({}, name))));
    await Promise.all(
      names.map((name) => graph.invoke(new Command({ resume: name }), on({}, name))),
    );
    for (const name of names) await look(name, graph, on({}, name));
  },
};
