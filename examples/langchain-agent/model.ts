/**
 * Stands for your model, so that this runs without a key. A real one is one line, for example
 *
 *   export const newModel = () => new ChatOpenAI({ model: "gpt-5.6-mini" });
 *   export const newModel = () => new ChatMemCube({ engine });   // a model on this machine
 *
 * With `open({ path, engine })` the middleware then keeps and restores the state of what is known, too.
 */
import { AIMessage, type BaseMessage } from "@langchain/core/messages";
import { fakeModel } from "@langchain/core/testing";

/** More answers than a process of this example asks for. */
const ANSWERS = 10;

export function newModel() {
  let model = fakeModel();
  for (let left = ANSWERS; left > 0; left--) model = model.respond(answer);
  return model;
}

/** Goes by what the prompt says: the words of the user, of memory and of the tools. */
function answer(messages: readonly BaseMessage[]): AIMessage {
  const prompt = messages.map(({ text }) => text).join("\n");
  const last = messages.at(-1);
  if (last?.type === "tool") return afterTool(last, prompt);
  const asked = last?.text.split("\n").at(-1) ?? "";
  const moved = /moved to (\w+)/.exec(asked)?.[1];
  if (moved !== undefined) return call("search_memory", { query: "Where does Ada live?" });
  if (!asked.endsWith("?")) return new AIMessage("Noted.");
  const city = [...prompt.matchAll(/lives? in (\w+)/g)].at(-1)?.[1];
  const nuts = prompt.includes("allergic to nuts") ? "without nuts" : "with walnuts";
  return new AIMessage(
    city === undefined ? "I don't know where you live." : `A noodle soup ${nuts}, in ${city}.`,
  );
}

function afterTool({ name, text }: BaseMessage, prompt: string): AIMessage {
  if (name !== "search_memory") return new AIMessage("I have corrected what I knew.");
  const { memories } = JSON.parse(text) as { memories: { id: string; text: string }[] };
  const wrong = memories.find((memory) => memory.text.includes("live in"));
  const city = /moved to (\w+)/.exec(prompt)?.[1] ?? "";
  return call("correct_memory", {
    id: wrong?.id ?? "",
    text: `Ada lives in ${city} and is allergic to nuts.`,
    reason: "she moved",
  });
}

function call(name: string, args: Record<string, unknown>): AIMessage {
  return new AIMessage({
    content: "",
    tool_calls: [{ name, args, id: `call-${name}`, type: "tool_call" }],
  });
}
