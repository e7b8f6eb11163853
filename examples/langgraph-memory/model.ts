/**
 * Stands for your model, so that this runs without a key. A real one is one line:
 *
 *   export const newModel = () => new ChatOpenAI({ model: "gpt-5.6-mini" });
 */
import { AIMessage, type BaseMessage } from "@langchain/core/messages";
import { fakeModel } from "@langchain/core/testing";

export const newModel = () => fakeModel().respond(answer);

/** Plans a trip by what the system message says of the traveller; else takes note. */
function answer(messages: readonly BaseMessage[]): AIMessage {
  const asked = messages.findLast((message) => message.type === "human")?.text ?? "";
  const place = /weekend in (\w+)/.exec(asked)?.[1];
  if (place === undefined) return new AIMessage("Noted.");
  const system = messages.find((message) => message.type === "system")?.text ?? "";
  const food = system.includes("vegetarian") ? "a vegetarian dinner" : "a steak";
  const flight = system.includes("before ten") ? "a flight at eleven" : "a flight at six";
  return new AIMessage(`A weekend in ${place}: ${flight}, and ${food} by the river.`);
}
