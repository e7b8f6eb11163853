import {
  AIMessage,
  AIMessageChunk,
  ChatMessage,
  ChatMessageChunk,
  FunctionMessage,
  FunctionMessageChunk,
  HumanMessage,
  HumanMessageChunk,
  RemoveMessage,
  SystemMessage,
  SystemMessageChunk,
  ToolMessage,
  ToolMessageChunk,
} from "@langchain/core/messages";

type MessageClass = new (fields: never) => unknown;

/**
 * LangChain's messages, of which most state is made: built directly, as `load` builds them, but ten
 * times as fast and with whatever their fields hold (a Map in an artifact).
 */
const CLASSES: ReadonlyMap<string, MessageClass> = new Map(
  Object.entries({
    AIMessage,
    AIMessageChunk,
    ChatMessage,
    ChatMessageChunk,
    FunctionMessage,
    FunctionMessageChunk,
    HumanMessage,
    HumanMessageChunk,
    RemoveMessage,
    SystemMessage,
    SystemMessageChunk,
    ToolMessage,
    ToolMessageChunk,
  }),
);

/** The class that the id of a record names, when it is one of LangChain's messages. */
export function messageClass(id: unknown): (new (fields: unknown) => unknown) | undefined {
  if (!Array.isArray(id) || id.length !== 3) return undefined;
  const [root, module, name] = id as readonly unknown[];
  if (root !== "langchain_core" || module !== "messages" || typeof name !== "string") {
    return undefined;
  }
  return CLASSES.get(name) as (new (fields: unknown) => unknown) | undefined;
}
