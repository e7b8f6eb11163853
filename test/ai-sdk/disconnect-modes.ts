import {
  consumeStream,
  createUIMessageStreamResponse,
  toUIMessageStream,
  type streamText,
} from "ai";

type Result = ReturnType<typeof streamText>;

/** Ways in which the reader of an answer goes away. */
export const DISCONNECT_MODES: Readonly<Record<string, (result: Result) => Promise<void>>> = {
  "the response is cancelled": async ({ stream }) =>
    await leave(createUIMessageStreamResponse({ stream: toUIMessageStream({ stream }) })),
  "the response is cancelled, consumeStream goes on": async (result) => {
    void result.consumeStream();
    await leave(
      createUIMessageStreamResponse({ stream: toUIMessageStream({ stream: result.stream }) }),
    );
  },
  "the response is cancelled, consumeSseStream goes on": async ({ stream }) =>
    await leave(
      createUIMessageStreamResponse({
        stream: toUIMessageStream({ stream }),
        consumeSseStream: consumeStream,
      }),
    ),
  "textStream is left": async ({ textStream }) => {
    let read = 0;
    for await (const _ of textStream) if ((read += 1) === 3) break;
  },
  "nobody ever reads": async () => await Promise.resolve(),
  "toUIMessageStreamResponse is cancelled": async (result) =>
    // oxlint-disable-next-line typescript/no-deprecated -- what many applications still call
    await leave(result.toUIMessageStreamResponse()),
};

async function leave(response: Response): Promise<void> {
  const reader = response.body!.getReader();
  await reader.read();
  await reader.read();
  await reader.cancel();
}
