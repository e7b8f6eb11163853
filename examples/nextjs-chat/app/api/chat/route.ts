import {
  consumeStream,
  convertToModelMessages,
  createUIMessageStreamResponse,
  generateId,
  streamText,
  toUIMessageStream,
  validateUIMessages,
  type UIMessage,
} from "ai";
import { z } from "zod";

import { chatsOf } from "../../../lib/memory.ts";
import { model } from "../../../lib/model.ts";
import { currentUser } from "../../../lib/user.ts";

export const maxDuration = 60;

const requestSchema = z.object({ id: z.string().min(1).max(100), message: z.unknown() });

export async function POST(request: Request): Promise<Response> {
  const { id, message } = requestSchema.parse(await request.json());
  const userId = await currentUser();
  const { loadChat, saveChat } = await chatsOf(userId);
  const [said] = await validateUIMessages({ messages: [message] });
  const before = await loadChat<UIMessage>(id);
  const messages = [...before.filter((each) => each.id !== said?.id), ...(said ? [said] : [])];
  await saveChat({ chatId: id, messages });

  const result = streamText({
    model: await model(),
    instructions: "You are a helpful assistant with a memory. Answer in one sentence.",
    messages: await convertToModelMessages(messages),
    // Whose memory: recalled before the model answers, kept when it has.
    providerOptions: { memcube: { userId, sessionId: id, messageId: said?.id ?? generateId() } },
  });
  return createUIMessageStreamResponse({
    stream: toUIMessageStream({
      stream: result.stream,
      originalMessages: messages,
      generateMessageId: generateId,
      messageMetadata: ({ part }) =>
        part.type === "finish-step" ? { memory: part.providerMetadata?.["memcube"] } : undefined,
      onEnd: async ({ messages: all }) => await saveChat({ chatId: id, messages: all }),
    }),
    // The transcript, too, is whole when the reader has left.
    consumeSseStream: consumeStream,
  });
}
