import { appendFileSync } from "node:fs";

import { AIMessage } from "@langchain/core/messages";
import type { BaseCheckpointSaver } from "@langchain/langgraph";
import {
  Annotation,
  END,
  interrupt,
  MessagesAnnotation,
  MessagesDeltaValue,
  Send,
  START,
  StateGraph,
  StateSchema,
} from "@langchain/langgraph";

/** State of the graphs: what was logged, in order, and a number. */
export const Log = Annotation.Root({
  log: Annotation<string[]>({ reducer: (a, b) => a.concat(b), default: () => [] }),
  n: Annotation<number>,
});

/** a, then a question to a human, whose answer is logged. */
export function askingGraph(checkpointer: BaseCheckpointSaver) {
  return new StateGraph(Log)
    .addNode("a", () => ({ log: ["a"] }))
    .addNode("ask", () => ({ log: [`got ${String(interrupt({ question: "ok?" }))}`] }))
    .addEdge(START, "a")
    .addEdge("a", "ask")
    .addEdge("ask", END)
    .compile({ checkpointer });
}

/** a, then b; both log the number they see. */
export function steppingGraph(checkpointer: BaseCheckpointSaver) {
  return new StateGraph(Log)
    .addNode("a", ({ n }) => ({ log: [`a${n}`] }))
    .addNode("b", ({ n }) => ({ log: [`b${n}`] }))
    .addEdge(START, "a")
    .addEdge("a", "b")
    .addEdge("b", END)
    .compile({ checkpointer });
}

/** Two nodes side by side, of which one fails the first time, then a subgraph that asks. */
export function failingGraph(checkpointer: BaseCheckpointSaver, runs: { ok: number; bad: number }) {
  const child = new StateGraph(Log)
    .addNode("first", () => ({ log: ["first"] }))
    .addNode("second", () => ({ log: [String(interrupt("child?"))] }))
    .addEdge(START, "first")
    .addEdge("first", "second")
    .addEdge("second", END)
    .compile();
  return new StateGraph(Log)
    .addNode("child", child)
    .addNode("ok", () => {
      runs.ok += 1;
      return { log: ["ok"] };
    })
    .addNode("bad", () => {
      runs.bad += 1;
      if (runs.bad === 1) throw new Error("boom");
      return { log: ["bad"] };
    })
    .addEdge(START, "ok")
    .addEdge(START, "bad")
    .addEdge("ok", "child")
    .addEdge("bad", "child")
    .addEdge("child", END)
    .compile({ checkpointer });
}

/** Two nodes side by side that note their runs in a file; the slow one waits before it ends. */
export function sideBySideGraph(
  checkpointer: BaseCheckpointSaver,
  runs: string,
  wait: Promise<unknown>,
) {
  return new StateGraph(Log)
    .addNode("quick", () => {
      appendFileSync(runs, "quick\n");
      return { log: ["quick"] };
    })
    .addNode("slow", async () => {
      appendFileSync(runs, "slow\n");
      await wait;
      return { log: ["slow"] };
    })
    .addEdge(START, "quick")
    .addEdge(START, "slow")
    .compile({ checkpointer });
}

/** One node that is sent to three times. */
export function fanningGraph(checkpointer: BaseCheckpointSaver) {
  return new StateGraph(Log)
    .addNode("fan", () => ({}))
    .addNode("work", (state: { item?: number }) => ({ log: [`work ${state.item}`] }))
    .addEdge(START, "fan")
    .addConditionalEdges("fan", () => [1, 2, 3].map((item) => new Send("work", { item })))
    .addEdge("work", END)
    .compile({ checkpointer });
}

/** A model that answers with a number, on ordinary messages and on those of a delta channel. */
export function chatGraph(checkpointer: BaseCheckpointSaver, kind: "ordinary" | "delta") {
  const answer = ({ messages }: { messages: readonly unknown[] }) => ({
    messages: [new AIMessage(`answer ${messages.length}`)],
  });
  return kind === "ordinary"
    ? new StateGraph(MessagesAnnotation)
        .addNode("model", answer)
        .addEdge(START, "model")
        .addEdge("model", END)
        .compile({ checkpointer })
    : new StateGraph(new StateSchema({ messages: MessagesDeltaValue }))
        .addNode("model", answer)
        .addEdge(START, "model")
        .addEdge("model", END)
        .compile({ checkpointer });
}
