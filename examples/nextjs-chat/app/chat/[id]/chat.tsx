"use client";

import { useChat } from "@ai-sdk/react";
import { DefaultChatTransport, type UIMessage } from "ai";

interface Props {
  readonly id: string;
  readonly messages: UIMessage[];
}

export function Chat({ id, messages: before }: Props) {
  const { messages, sendMessage, status, error } = useChat({
    id,
    messages: before,
    // The server has the rest.
    transport: new DefaultChatTransport({
      prepareSendMessagesRequest: ({ id: chatId, messages: all }) => ({
        body: { id: chatId, message: all.at(-1) },
      }),
    }),
  });
  const send = (form: FormData) => {
    const text = form.get("text");
    if (typeof text === "string" && text.trim() !== "") void sendMessage({ text });
  };
  return (
    <>
      {messages.map((message) => (
        <div key={message.id} className={`message ${message.role}`}>
          {message.parts.map((part) => (part.type === "text" ? part.text : "")).join("")}
          <Recalled message={message} />
        </div>
      ))}
      {error === undefined ? undefined : <p role="alert">That did not work. Try again.</p>}
      <form action={send}>
        <textarea name="text" aria-label="Message" />
        <button disabled={status !== "ready" && status !== "error"}>Send</button>
        <span className="note" data-status={status}>
          {status === "ready" ? "" : status}
        </span>
      </form>
    </>
  );
}

/** How many memories an answer was given. */
function Recalled({ message }: { readonly message: UIMessage }) {
  const { memory } = (message.metadata ?? {}) as { memory?: { hits: unknown[] } };
  if (memory === undefined || memory.hits.length === 0) return undefined;
  return <div className="note">from {memory.hits.length} memories</div>;
}
