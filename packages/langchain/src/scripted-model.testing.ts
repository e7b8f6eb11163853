import type { CallbackManagerForLLMRun } from "@langchain/core/callbacks/manager";
import { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { AIMessage, type BaseMessage } from "@langchain/core/messages";
import type { ChatResult } from "@langchain/core/outputs";

/** A chat model that answers what it was told to, in order; LangChain has its own only from 1.2 on. */
export class ScriptedModel extends BaseChatModel {
  /** The messages of each call. */
  readonly calls: { readonly messages: BaseMessage[] }[] = [];
  readonly #replies: (AIMessage | Error)[] = [];

  constructor() {
    super({ maxRetries: 0 });
  }

  respond(reply: AIMessage | Error): this {
    this.#replies.push(reply);
    return this;
  }

  override _llmType(): string {
    return "scripted";
  }

  override bindTools(): this {
    return this;
  }

  override async _generate(
    messages: BaseMessage[],
    _options: this["ParsedCallOptions"],
    _runManager?: CallbackManagerForLLMRun,
  ): Promise<ChatResult> {
    this.calls.push({ messages });
    const reply = this.#replies.shift() ?? new Error("nothing more was to be said");
    if (reply instanceof Error) throw reply;
    return await Promise.resolve({ generations: [{ text: reply.text, message: reply }] });
  }
}

/** An answer that says nothing and calls a tool. */
export function calling(name: string, args: Record<string, unknown> = {}): AIMessage {
  const id = `${name} ${JSON.stringify(args)}`;
  return new AIMessage({ content: "", tool_calls: [{ name, args, id, type: "tool_call" }] });
}
