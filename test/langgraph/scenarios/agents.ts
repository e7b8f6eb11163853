/** Agents of LangChain: decisions of people, tools side by side, summaries. */
import { AIMessage, HumanMessage } from "@langchain/core/messages";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { Command } from "@langchain/langgraph";
import {
  createAgent,
  fakeModel,
  humanInTheLoopMiddleware,
  summarizationMiddleware,
  todoListMiddleware,
  tool,
} from "langchain";
import { z } from "zod";

import { on, type Scenario } from "../scenario.ts";

const pay = tool(({ amount }) => `paid ${amount}`, {
  name: "pay",
  description: "Pays.",
  schema: z.object({ amount: z.number() }),
});

const paying = (...amounts: readonly number[]) =>
  new AIMessage({
    id: `paying ${amounts.join()}`,
    content: "",
    tool_calls: amounts.map((amount) => ({
      name: "pay",
      args: { amount },
      id: `pay ${amount}`,
      type: "tool_call",
    })),
  });

export const AGENTS: Readonly<Record<string, Scenario>> = {
  "an agent waits for decisions on tools side by side": async (stage) => {
    const { saver, restart, note, look } = stage;
    let replies = [
      paying(1, 2, 3),
      new AIMessage({ id: "done", content: "Done." }),
      new AIMessage({ id: "more", content: "More." }),
    ];
    const build = () => {
      let model = fakeModel();
      for (const reply of replies) model = model.respond(reply);
      return createAgent({
        model,
        tools: [pay],
        middleware: [
          humanInTheLoopMiddleware({ interruptOn: { pay: true } }),
          todoListMiddleware(),
          summarizationMiddleware({
            model: new FakeListChatModel({ responses: ["SUMMARY"] }),
            trigger: { messages: 7 },
            keep: { messages: 2 },
          }),
        ],
        checkpointer: saver(),
      });
    };
    const asked = { messages: [new HumanMessage({ id: "ask", content: "Pay, please." })] };
    note("asked", await build().invoke(asked, on()));
    await look("asked", build().graph);
    replies = replies.slice(1);
    await restart();
    const decisions = [
      { type: "approve" },
      { type: "edit", editedAction: { name: "pay", args: { amount: 20 } } },
      { type: "reject", message: "too much" },
    ];
    const decided = new Command({ resume: { decisions } });
    note("decided", await build().invoke(decided as never, on()));
    await look("decided", build().graph);
    replies = replies.slice(1);
    const more = { messages: [new HumanMessage({ id: "again", content: "And now?" })] };
    note("summarized", await build().invoke(more, on()));
    await look("summarized", build().graph);
  },
};
