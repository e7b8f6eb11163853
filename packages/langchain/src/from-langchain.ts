import type { Embedder } from "@memcube/core";
import type { DocumentInterface } from "@langchain/core/documents";
import type { EmbeddingsInterface } from "@langchain/core/embeddings";
import { AIMessage, ChatMessage, ToolMessage, type BaseMessage } from "@langchain/core/messages";

import { given } from "./options.ts";

/** Name that `createAgent` gives to answers when the agent has none: nobody's name. */
const NODE_NAME = "model";

/** A message as the reader of core takes it: a plain object, so that no framework's class is kept. */
export function turnOf(message: BaseMessage): object {
  const role = ChatMessage.isInstance(message) ? message.role : message.type;
  return given({
    role,
    content: message.content,
    id: message.id,
    name: role === "ai" && message.name === NODE_NAME ? undefined : message.name,
    tool_calls: AIMessage.isInstance(message) ? message.tool_calls : undefined,
    tool_call_id: ToolMessage.isInstance(message) ? message.tool_call_id : undefined,
  });
}

/**
 * The messages that were not kept yet: those after the one named; with "" all of them. When that one is
 * not there (a trimmed thread, or none was kept yet), those from the last that a person wrote.
 */
export function notKept(
  messages: readonly BaseMessage[],
  lastKept: string | undefined,
): readonly BaseMessage[] {
  if (lastKept === "") return messages;
  const place = messages.findLastIndex(({ id }) => id !== undefined && id === lastKept);
  return place === -1 ? messages.slice(lastHuman(messages)) : messages.slice(place + 1);
}

/**
 * What is to be kept of a thread. Where `summarizationMiddleware` put a summary in the place of messages,
 * the summary is nobody's words, and what it took the place of was said all the same.
 *
 * @param before what was to be kept of it earlier in the run
 */
export function toKeep(
  messages: readonly BaseMessage[],
  lastKept: string | undefined,
  before: readonly BaseMessage[],
): readonly BaseMessage[] {
  const now = notKept(messages, lastKept).filter((message) => !isSummary(message));
  if (!messages.some(isSummary)) return now;
  // A summary may have the id of a message that it took the place of.
  const there = new Set(messages.flatMap((each) => (isSummary(each) ? [] : [each.id])));
  return [...before.filter(({ id }) => !there.has(id)), ...now];
}

function isSummary({ additional_kwargs }: BaseMessage): boolean {
  return additional_kwargs["lc_source"] === "summarization";
}

/** Place of the last message that a person wrote; 0 when there is none. */
export function lastHuman(messages: readonly BaseMessage[]): number {
  return Math.max(
    0,
    messages.findLastIndex(({ type }) => type === "human"),
  );
}

/** A loaded document as the reader of core takes it: source and part become its address. */
export function documentOf(document: DocumentInterface): {
  readonly text: string;
  readonly title?: string;
  readonly uri?: string;
} {
  const { pageContent: text, metadata } = document;
  const source = textIn(metadata, "source", "url");
  const part = partOf(metadata);
  const title = textIn(metadata, "title");
  return {
    text,
    ...given({ title, uri: source === undefined ? undefined : `${source}${part}` }),
  };
}

/**
 * Which part of its source a document is: loaders of PDF files number pages in `loc.pageNumber`, those of
 * CSV and JSON lines in `line`, text splitters write `loc.lines`.
 */
function partOf({ loc, line }: Readonly<Record<string, unknown>>): string {
  const { pageNumber, lines } = (loc ?? {}) as {
    readonly pageNumber?: unknown;
    readonly lines?: { readonly from?: unknown };
  };
  const at = [
    ["page", pageNumber],
    ["line", lines?.from ?? line],
  ].flatMap(([name, number]) =>
    typeof number === "number" ? [`${name as string}=${number}`] : [],
  );
  return at.length === 0 ? "" : `#${at.join("&")}`;
}

function textIn(
  metadata: Readonly<Record<string, unknown>>,
  ...names: readonly string[]
): string | undefined {
  return names
    .map((name) => metadata[name])
    .find((value): value is string => typeof value === "string" && value !== "");
}

/**
 * Embeddings of LangChain as an embedder for `createMemOS({ embedder })` or `open({ embedder })`.
 *
 * @param model names the model: vectors of another name are not compared with these
 * @param dimensions numbers in one vector
 */
export function embedderFrom(
  embeddings: EmbeddingsInterface,
  { model, dimensions }: { readonly model: string; readonly dimensions: number },
): Embedder {
  return {
    model,
    dimensions,
    async embed(texts, { purpose }) {
      const [first = ""] = texts;
      const vectors =
        purpose === "query" && texts.length === 1
          ? [await embeddings.embedQuery(first)]
          : await embeddings.embedDocuments([...texts]);
      return vectors.map((vector) => Float32Array.from(vector));
    },
  };
}
