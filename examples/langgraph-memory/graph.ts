/**
 * A travel agent: it learns what travellers say of themselves, plans by it, and books nothing before
 * somebody has approved.
 */
import { randomUUID } from "node:crypto";

import { AIMessage, SystemMessage } from "@langchain/core/messages";
import {
  Annotation,
  END,
  interrupt,
  type LangGraphRunnableConfig,
  MessagesAnnotation,
  START,
  StateGraph,
} from "@langchain/langgraph";
import { MemCubeSaver, MemCubeStore } from "@memcube/langgraph";
import type { MemOS } from "memcube";

import { newModel } from "./model.ts";

const State = Annotation.Root({ ...MessagesAnnotation.spec, traveller: Annotation<string> });
type TravelState = typeof State.State;

/** The graph with both kinds of memory on one OS: threads in the checkpointer, facts in the store. */
export function travelAgent(os: MemOS) {
  return new StateGraph(State)
    .addNode("learn", learn)
    .addNode("plan", plan)
    .addNode("approve", approve)
    .addEdge(START, "learn")
    .addEdge("learn", "plan")
    .addConditionalEdges("plan", (state) => (isRequest(state) ? "approve" : END))
    .addEdge("approve", END)
    .compile({ checkpointer: new MemCubeSaver({ os }), store: new MemCubeStore({ os }) });
}

const lastSaid = ({ messages }: TravelState): string =>
  messages.findLast((message) => message.type === "human")?.text ?? "";
const isRequest = (state: TravelState): boolean => lastSaid(state).startsWith("Plan");

async function learn(state: TravelState, { store }: LangGraphRunnableConfig) {
  const text = lastSaid(state);
  if (!isRequest(state)) await store?.put(["travellers", state.traveller], randomUUID(), { text });
  return {};
}

async function plan(state: TravelState, { store }: LangGraphRunnableConfig) {
  const known = await store?.search(["travellers", state.traveller], { limit: 20 });
  const lines = (known ?? []).map(({ value }) => `- ${String(value["text"])}`);
  const system = new SystemMessage(`What the traveller told you:\n${lines.join("\n")}`);
  return { messages: [await newModel().invoke([system, ...state.messages])] };
}

async function approve(state: TravelState, { store }: LangGraphRunnableConfig) {
  const offer = state.messages.at(-1)?.text ?? "";
  const decision = interrupt<{ offer: string }, string>({ offer });
  if (decision !== "yes") return { messages: [new AIMessage("Not booked.")] };
  await store?.put(["travellers", state.traveller, "trips"], randomUUID(), { offer });
  return { messages: [new AIMessage("Booked.")] };
}
