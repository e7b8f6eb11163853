/** Nodes fail, are retried, time out, are aborted: what was done is not done again. */
import {
  Command,
  END,
  GraphBubbleUp,
  interrupt,
  type NodeError,
  RunControl,
  Send,
  START,
  StateGraph,
} from "@langchain/langgraph";

import { Log } from "../graphs.ts";
import { on, type Scenario } from "../scenario.ts";

const DURABILITIES = ["sync", "async", "exit"] as const;

class Odd extends Error {
  override name = "Odd";
  readonly status = 503;
}

/** Tasks of a fan-out: those named fail until they ran so often. */
function fan(fails: Readonly<Record<number, number>>) {
  const runs: Record<number, number> = {};
  const build = (checkpointer: Parameters<Scenario>[0]["saver"]) =>
    new StateGraph(Log)
      .addNode("fan", () => ({ log: ["fan"] }))
      .addNode("work", ({ item = 0 }: { item?: number }) => {
        runs[item] = (runs[item] ?? 0) + 1;
        if (runs[item] <= (fails[item] ?? 0)) throw new Odd(`item ${item} fails`);
        return { log: [`work ${item}`] };
      })
      .addNode("join", ({ log }) => ({ n: log.length }))
      .addEdge(START, "fan")
      .addConditionalEdges("fan", () => [1, 2, 3, 4].map((item) => new Send("work", { item })))
      .addEdge("work", "join")
      .addEdge("join", END)
      .compile({ checkpointer: checkpointer() });
  return { runs, build };
}

const byDurability = Object.fromEntries(
  DURABILITIES.map((durability): [string, Scenario] => [
    `some of a fan-out fail, durability ${durability}`,
    async ({ saver, restart, note, look, fails }) => {
      const { runs, build } = fan({ 2: 1, 4: 2 });
      await fails("first", build(saver).invoke({ n: 0 }, on({ durability })));
      await look("first", build(saver));
      await restart();
      await fails("second", build(saver).invoke(null, on({ durability })));
      await look("second", build(saver));
      await fails("third", build(saver).invoke(null, on({ durability })));
      await look("third", build(saver));
      note("runs", runs);
    },
  ]),
);

export const FAILURES: Readonly<Record<string, Scenario>> = {
  ...byDurability,

  "a node is retried until it goes well": async ({ saver, note, look, fails }) => {
    let runs = 0;
    const build = (maxAttempts: number) =>
      new StateGraph(Log)
        .addNode(
          "often",
          () => {
            runs += 1;
            if (runs % 3 !== 0) throw new Odd(`run ${runs}`);
            return { log: [`run ${runs}`] };
          },
          {
            retryPolicy: {
              maxAttempts,
              initialInterval: 1,
              jitter: false,
              retryOn: (error: unknown) => error instanceof Odd,
              logWarning: false,
            },
          },
        )
        .addNode("beside", () => ({ log: ["beside"] }))
        .addEdge(START, "often")
        .addEdge(START, "beside")
        .compile({ checkpointer: saver() });
    await fails("two attempts", build(2).invoke({ n: 1 }, on()));
    await look("two attempts", build(2));
    await fails("resumed", build(2).invoke(null, on()));
    await look("resumed", build(2));
    await fails("three attempts", build(3).invoke({ n: 1 }, on({}, "u")));
    await look("three attempts", build(3), on({}, "u"));
    note("runs", runs);
  },

  "an error is handled by a node": async ({ saver, note, look, fails }) => {
    const build = () =>
      new StateGraph(Log)
        .addNode(
          "bad",
          () => {
            throw new Odd("bad");
          },
          {
            errorHandler: (_state: unknown, { node, error }: NodeError) => ({
              log: [`${node}: ${error.message}`],
            }),
          },
        )
        .addNode("next", () => ({ log: ["next"] }))
        .addEdge(START, "bad")
        .addEdge("bad", "next")
        .compile({ checkpointer: saver() });
    await fails("handled", build().invoke({ n: 1 }, on()));
    await look("handled", build());
    note("more", await build().invoke({ n: 2 }, on()));
  },

  "a run after a failure starts anew": async ({ saver, note, look, fails }) => {
    const { runs, build } = fan({ 3: 1 });
    await fails("failed", build(saver).invoke({ n: 0 }, on()));
    note("new input", await build(saver).invoke({ n: 5, log: ["new"] }, on()));
    await look("new input", build(saver));
    note("runs", runs);
  },

  "state is mended after a failure": async ({ saver, note, look, fails }) => {
    const build = () =>
      new StateGraph(Log)
        .addNode("a", () => ({ log: ["a"] }))
        .addNode("check", ({ n }) => {
          if (n < 10) throw new Odd(`${n} is too small`);
          return { log: [`checked ${n}`] };
        })
        .addNode("b", () => ({ log: ["b"] }))
        .addEdge(START, "a")
        .addEdge("a", "check")
        .addEdge("check", "b")
        .compile({ checkpointer: saver() });
    await fails("too small", build().invoke({ n: 1 }, on()));
    await build().updateState(on(), { n: 10 });
    await look("mended", build());
    note("done", await build().invoke(null, on()));
    await look("done", build());
    await fails("too small again", build().invoke({ n: 2 }, on({}, "u")));
    await build().updateState(on({}, "u"), { log: ["instead"] }, "check");
    note("went past it", await build().invoke(null, on({}, "u")));
    await look("went past it", build(), on({}, "u"));
  },

  "a subgraph fails, also beside a question": async ({ saver, restart, note, look, fails }) => {
    const runs: string[] = [];
    const build = () => {
      const child = new StateGraph(Log)
        .addNode("one", () => {
          runs.push("one");
          return { log: ["one"] };
        })
        .addNode("two", () => {
          runs.push("two");
          if (runs.length < 3) throw new Odd("two fails");
          return { log: ["two"] };
        })
        .addEdge(START, "one")
        .addEdge("one", "two")
        .compile();
      return new StateGraph(Log)
        .addNode("child", child)
        .addNode("ask", () => ({ log: [String(interrupt("?"))] }))
        .addEdge(START, "child")
        .addEdge(START, "ask")
        .compile({ checkpointer: saver() });
    };
    await fails("failed", build().invoke({ n: 1 }, on()));
    await look("failed", build());
    await restart();
    await fails("resumed", build().invoke(null, on()));
    await look("resumed", build());
    note("answered", await build().invoke(new Command({ resume: "yes" }), on()));
    await look("answered", build());
    note("runs", runs);
  },

  "too many steps": async ({ saver, note, look, fails }) => {
    const build = () =>
      new StateGraph(Log)
        .addNode("loop", ({ log }) => ({ log: [`round ${log.length}`] }))
        .addEdge(START, "loop")
        .addConditionalEdges("loop", ({ log }) => (log.length < 9 ? "loop" : END))
        .compile({ checkpointer: saver() });
    await fails("limit", build().invoke({ n: 1 }, on({ recursionLimit: 4 })));
    await look("limit", build());
    note("goes on", await build().invoke(null, on()));
    await look("goes on", build());
  },

  "aborted in the midst": async ({ saver, restart, note, look, fails }) => {
    const runs: string[] = [];
    const build = (aborter?: AbortController) =>
      new StateGraph(Log)
        .addNode("a", () => {
          runs.push("a");
          return { log: ["a"] };
        })
        .addNode("quick", () => {
          runs.push("quick");
          return { log: ["quick"] };
        })
        .addNode("slow", async (_state, { signal }) => {
          runs.push("slow");
          setTimeout(() => aborter?.abort(new Odd("enough")), 20);
          await new Promise<void>((resolve, reject) => {
            setTimeout(resolve, aborter === undefined ? 0 : 5_000).unref();
            signal?.addEventListener("abort", () => reject(new Odd("stopped")));
          });
          return { log: ["slow"] };
        })
        .addEdge(START, "a")
        .addEdge("a", "quick")
        .addEdge("a", "slow")
        .compile({ checkpointer: saver() });
    const aborter = new AbortController();
    const run = build(aborter).invoke({ n: 1 }, on({ signal: aborter.signal }));
    await run.catch((error: unknown) => note("aborted", error instanceof Error));
    await new Promise((resolve) => setTimeout(resolve, 50));
    await restart();
    await look("aborted", build());
    await fails("resumed", build().invoke(null, on()));
    await look("resumed", build());
    note("runs", runs);
  },

  "a node times out": async ({ saver, look, fails }) => {
    const build = (timeout: number) =>
      new StateGraph(Log)
        .addNode("quick", () => ({ log: ["quick"] }))
        .addNode(
          "slow",
          async () => {
            await new Promise((resolve) => {
              setTimeout(resolve, 60);
            });
            return { log: ["slow"] };
          },
          { timeout },
        )
        .addEdge(START, "quick")
        .addEdge(START, "slow")
        .compile({ checkpointer: saver() });
    await build(10)
      .invoke({ n: 1 }, on())
      .catch(() => undefined);
    await look("timed out", build(10));
    await fails("in time", build(5_000).invoke(null, on()));
    await look("in time", build(10));
  },

  "a run is drained and goes on": async ({ saver, restart, note, look }) => {
    const build = (control?: RunControl) =>
      new StateGraph(Log)
        .addNode("a", () => {
          control?.requestDrain("deploy");
          return { log: ["a"] };
        })
        .addNode("b", () => ({ log: ["b"] }))
        .addEdge(START, "a")
        .addEdge("a", "b")
        .compile({ checkpointer: saver() });
    const control = new RunControl();
    await build(control)
      .invoke({ n: 1 }, on({ control }))
      .catch((error: unknown) => note("drained", error instanceof GraphBubbleUp));
    await restart();
    await look("drained", build());
    note("done", await build().invoke(null, on()));
    await look("done", build());
  },
};
