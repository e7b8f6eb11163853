import { HumanMessage } from "@langchain/core/messages";
import { Command, START, StateGraph } from "@langchain/langgraph";
import { expect, test } from "vitest";

import { eachStorage } from "../servers/each-storage.ts";
import {
  askingGraph,
  chatGraph,
  failingGraph,
  fanningGraph,
  Log,
  steppingGraph,
} from "./graphs.ts";
import { all, saverWorlds } from "./saver-world.ts";

const DURABILITIES = ["sync", "async", "exit"] as const;
const config = (threadId = "t") => ({ configurable: { thread_id: threadId } });

eachStorage((_name, open) => {
  const newWorld = saverWorlds(open);

  test("a graph is interrupted and goes on with another saver", async () => {
    const { saver } = await newWorld();
    const asked = await askingGraph(saver()).invoke({ n: 1 }, config());
    expect(asked).toMatchObject({ __interrupt__: [{ value: { question: "ok?" } }] });
    const other = askingGraph(saver());
    expect((await other.getState(config())).next).toEqual(["ask"]);
    const done = await other.invoke(new Command({ resume: "yes" }), config());
    expect(done.log).toEqual(["a", "got yes"]);
    expect((await other.getState(config())).next).toEqual([]);
  });

  test("history, a fork from the past and a replay", async () => {
    const { saver } = await newWorld();
    const graph = steppingGraph(saver());
    await graph.invoke({ n: 1 }, config());
    const history = await all(graph.getStateHistory(config()));
    expect(
      history.map(({ metadata, next }) => [metadata?.source, metadata?.step, ...next]),
    ).toEqual([
      ["loop", 2],
      ["loop", 1, "b"],
      ["loop", 0, "a"],
      ["input", -1, "__start__"],
    ]);
    const beforeB = history[1]!;
    const fork = await graph.updateState(beforeB.config, { n: 9 });
    expect(await graph.invoke(null, fork)).toEqual({ n: 9, log: ["a1", "b9"] });
    expect(await graph.invoke(null, beforeB.config)).toEqual({ n: 1, log: ["a1", "b1"] });
    expect((await graph.getState(history[0]!.config)).values).toEqual({ n: 1, log: ["a1", "b1"] });
    const limited = await all(graph.getStateHistory(config(), { limit: 2 }));
    expect(limited).toHaveLength(2);
    const older = await all(graph.getStateHistory(config(), { before: beforeB.config }));
    expect(older.map(({ metadata }) => metadata?.step)).toEqual([0, -1]);
  });

  test("a copied checkpoint has the values of the one it was copied from", async () => {
    const { saver } = await newWorld();
    const graph = steppingGraph(saver());
    await graph.invoke({ n: 1 }, config());
    const [last] = await all(graph.getStateHistory(config()));
    const copy = await graph.updateState(last!.config, null, "__copy__");
    const state = await graph.getState(copy);
    expect(state.metadata?.source).toBe("fork");
    expect(state.values).toEqual({ n: 1, log: ["a1", "b1"] });
    expect((await graph.getState(config())).values).toEqual({ n: 1, log: ["a1", "b1"] });
  });

  test("what succeeded beside a failure is not run again; a subgraph asks and goes on", async () => {
    const { saver } = await newWorld();
    const runs = { ok: 0, bad: 0 };
    const graph = failingGraph(saver(), runs);
    await expect(graph.invoke({ n: 1 }, config())).rejects.toThrow("boom");
    await graph.invoke(null, config());
    expect(runs).toEqual({ ok: 1, bad: 2 });
    const state = await graph.getState(config(), { subgraphs: true });
    expect(state.tasks[0]?.state).toMatchObject({ values: { log: ["bad", "ok", "first"] } });
    const done = await graph.invoke(new Command({ resume: "answer" }), config());
    expect(done.log.slice(0, 2)).toEqual(["bad", "ok"]);
    expect(done.log.slice(-2)).toEqual(["first", "answer"]);
    await saver().deleteThread("t");
    expect((await graph.getState(config())).values).toEqual({});
    expect(await all(saver().list({}))).toEqual([]);
  });

  test.each(DURABILITIES)("Send, with durability %s", async (durability) => {
    const { saver } = await newWorld();
    const done = await fanningGraph(saver()).invoke({ n: 1 }, { ...config(), durability });
    expect(done.log).toEqual(["work 1", "work 2", "work 3"]);
    const found = await all(saver().list(config()));
    expect(found.length > 1).toBe(durability !== "exit");
  });

  test.each(
    DURABILITIES.flatMap((durability) => [
      { durability, kind: "ordinary" as const },
      { durability, kind: "delta" as const },
    ]),
  )("$kind messages over many turns, with durability $durability", async ({ durability, kind }) => {
    const { saver } = await newWorld();
    const said: string[] = [];
    for (let turn = 0; turn < 40; turn += 1) {
      const graph = chatGraph(saver(), kind);
      const question = new HumanMessage(`question ${turn} `.repeat(12));
      const { messages } = await graph.invoke(
        { messages: [question] },
        { ...config(), durability },
      );
      said.push(question.text, `answer ${said.length + 1}`);
      expect(messages.map(({ text }) => text)).toEqual(said);
    }
    const graph = chatGraph(saver(), kind);
    expect((await graph.getState(config())).values.messages).toHaveLength(80);
    const history = await all(graph.getStateHistory(config()));
    const lengths = history.map(({ values }) => (values.messages ?? []).length);
    expect(lengths).toEqual(lengths.toSorted((a, b) => b - a));
    // What delta messages are before the first turn ends is a checkpoint, too.
    const atExit = kind === "delta" ? 41 : 40;
    expect(history).toHaveLength(durability === "exit" ? atExit : 120);
  });

  test("runs of one thread at the same time end as if alone, and every state of them is there", async () => {
    const { saver } = await newWorld();
    const runs = Array.from({ length: 8 }, (_, n) =>
      steppingGraph(saver()).invoke({ n }, config()),
    );
    const done = await Promise.all(runs);
    expect(done).toEqual(done.map((_, n) => ({ n, log: [`a${n}`, `b${n}`] })));
    const tuples = await all(saver().list(config()));
    const ids = new Set(tuples.map(({ checkpoint }) => checkpoint.id));
    expect(tuples).toHaveLength(8 * 4);
    for (const { parentConfig } of tuples) {
      const parent: unknown = parentConfig?.configurable?.["checkpoint_id"];
      if (parent !== undefined) expect(ids).toContain(parent);
    }
    const { values } = await steppingGraph(saver()).getState(config());
    expect(done).toContainEqual(values);
  });

  test.each(DURABILITIES)(
    "a thread that is deleted during a run, durability %s",
    async (durability) => {
      const { saver } = await newWorld();
      const build = () =>
        new StateGraph(Log)
          .addNode("a", () => ({ log: ["a"] }))
          .addNode("b", async () => {
            await saver().deleteThread("t");
            return { log: ["b"] };
          })
          .addNode("c", ({ n }) => ({ log: [`c${n}`] }))
          .addEdge(START, "a")
          .addEdge("a", "b")
          .addEdge("b", "c")
          .compile({ checkpointer: saver() });
      const done = await build().invoke({ n: 1 }, { ...config(), durability });
      expect(done).toEqual({ n: 1, log: ["a", "b", "c1"] });
      expect((await build().getState(config())).values).toEqual(done);
      await saver().deleteThread("t");
      expect(await all(saver().list(config()))).toEqual([]);
    },
  );

  test("pruned delta messages keep what their state is in", async () => {
    const { saver, os } = await newWorld();
    const { threads } = os.as({ userId: "local" });
    for (const kind of ["ordinary", "delta"] as const) {
      const graph = chatGraph(saver(), kind);
      for (const turn of [0, 1, 2]) {
        await graph.invoke({ messages: [new HumanMessage(`question ${turn}`)] }, config(kind));
      }
      const before = (await graph.getState(config(kind))).values.messages;
      const pruned = await threads.prune(kind, { keep: 1 });
      expect(pruned).toBe(kind === "delta" ? 0 : 8);
      expect((await graph.getState(config(kind))).values.messages).toEqual(before);
      await graph.invoke({ messages: [new HumanMessage("more")] }, config(kind));
      expect((await graph.getState(config(kind))).values.messages).toHaveLength(8);
    }
  });
});
