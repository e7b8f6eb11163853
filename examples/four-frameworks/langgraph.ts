import { randomUUID } from "node:crypto";

import {
  Annotation,
  END,
  type LangGraphRunnableConfig,
  START,
  StateGraph,
} from "@langchain/langgraph";
import { MemCubeStore } from "@memcube/langgraph";

import { answer } from "./answer.ts";
import type { Assistant } from "./assistant.ts";

const State = Annotation.Root({ said: Annotation<string>, reply: Annotation<string> });

export const langgraph: Assistant = {
  framework: "langgraph",
  async say(os, scope, said) {
    const reply = async (state: typeof State.State, { store }: LangGraphRunnableConfig) => {
      // The store keeps what this graph notes; a plan knows what all the others said, too.
      const messages = [{ role: "user", content: state.said }];
      const plan = await os.as(scope.caller).prepare({ cubes: [scope.cube], messages });
      if (!said.endsWith("?")) await store?.put(["notes"], randomUUID(), { text: said });
      return { reply: answer(`${plan.volatile}\n${state.said}`) };
    };
    const graph = new StateGraph(State)
      .addNode("answer", reply)
      .addEdge(START, "answer")
      .addEdge("answer", END)
      .compile({ store: new MemCubeStore({ os, scope }) });
    const state = await graph.invoke({ said });
    return state.reply;
  },
};
