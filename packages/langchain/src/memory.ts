import { checkScoped } from "@memcube/core";
import {
  BaseMemory,
  type InputValues,
  type MemoryVariables,
  type OutputValues,
} from "@langchain/core/memory";
import {
  AIMessage,
  getBufferString,
  HumanMessage,
  SystemMessage,
  type BaseMessage,
} from "@langchain/core/messages";

import {
  MemCubeChatMessageHistory,
  type MemCubeChatMessageHistoryInput,
} from "./chat-message-history.ts";
import { scopeOf } from "./options.ts";

export interface MemCubeMemoryInput extends MemCubeChatMessageHistoryInput {
  /** The variable of the prompt that memory fills. @default "history" */
  readonly memoryKey?: string;
  /** Field of the chain's input that holds what the user says. @default the only one */
  readonly inputKey?: string;
  /** Field of the chain's output that holds the answer. @default the only one */
  readonly outputKey?: string;
  /** Messages instead of text: for chat prompts with a placeholder. @default false */
  readonly returnMessages?: boolean;
  /** Tokens that recalled memories may take. @default 1024 */
  readonly budgetTokens?: number;
  /** Tokens that the conversation may take. @default 2000 */
  readonly historyTokens?: number;
}

/** Memory for the chains of `@langchain/classic`: what `BufferMemory` was, with recall and a bound. */
export class MemCubeMemory extends BaseMemory {
  readonly #fields: MemCubeMemoryInput;
  /** The conversation itself. */
  readonly chatHistory: MemCubeChatMessageHistory;

  constructor(fields: MemCubeMemoryInput) {
    checkScoped(fields, "MemCubeMemory");
    super();
    this.#fields = fields;
    const { os, scope, sessionId } = fields;
    this.chatHistory = new MemCubeChatMessageHistory({
      os,
      ...(scope === undefined ? {} : { scope }),
      ...(sessionId === undefined ? {} : { sessionId }),
    });
  }

  override get memoryKeys(): string[] {
    return [this.#fields.memoryKey ?? "history"];
  }

  /** What was said in this session, within its bound, and what is recalled for the input. */
  override async loadMemoryVariables(values: InputValues): Promise<MemoryVariables> {
    const { os, budgetTokens, historyTokens = 2_000, returnMessages = false } = this.#fields;
    const said = await this.chatHistory.getMessages();
    const asked = valueOf(values, this.#fields.inputKey, this.memoryKeys);
    const messages = [...said, new HumanMessage(asked)];
    const { caller, cube, sessionId } = await scopeOf(this.#fields);
    const plan = await os.as(caller).prepare({
      messages,
      historyTokens,
      sessionId: sessionId ?? this.#fields.sessionId ?? "default",
      ...(cube === undefined ? {} : { cubes: [cube] }),
      ...(budgetTokens === undefined ? {} : { budgetTokens }),
    });
    const kept = plan.history?.keep.flatMap((at) => (at < said.length ? (messages[at] ?? []) : []));
    const known = [plan.stable, plan.volatile].filter((block) => block !== "").join("\n\n");
    const [key = "history"] = this.memoryKeys;
    return { [key]: returnMessages ? toMessages(known, kept ?? []) : toText(known, kept ?? []) };
  }

  override async saveContext(input: InputValues, output: OutputValues): Promise<void> {
    const { inputKey, outputKey } = this.#fields;
    await this.chatHistory.addMessages([
      new HumanMessage(valueOf(input, inputKey, this.memoryKeys)),
      new AIMessage(valueOf(output, outputKey, [])),
    ]);
  }

  /** Destroys the messages of this session. */
  async clear(): Promise<void> {
    await this.chatHistory.clear();
  }
}

function toMessages(known: string, kept: readonly BaseMessage[]): BaseMessage[] {
  return known === "" ? [...kept] : [new SystemMessage(known), ...kept];
}

function toText(known: string, kept: readonly BaseMessage[]): string {
  return [known, getBufferString([...kept])].filter((part) => part !== "").join("\n\n");
}

/** @throws TypeError when there are several values and none is named: a chain is set up wrong */
function valueOf(
  values: Readonly<Record<string, unknown>>,
  key: string | undefined,
  apart: readonly string[],
): string {
  const names = Object.keys(values).filter((name) => !apart.includes(name));
  const name = key ?? (names.length === 1 ? names[0] : undefined);
  const value = name === undefined ? undefined : values[name];
  if (typeof value === "string") return value;
  throw new TypeError(`name the value to remember with inputKey or outputKey: ${names.join(", ")}`);
}
