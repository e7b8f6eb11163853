import { memcubeMiddleware, type MemCubeMiddlewareOptions } from "@memcube/ai-sdk";
import { createMemOS, type MemOS } from "@memcube/core";
import { memoryStorage } from "@memcube/core/testing";
import { wrapLanguageModel } from "ai";
import { MockLanguageModelV4 } from "ai/test";

export function emptyOS(): MemOS {
  return createMemOS({ storage: memoryStorage() });
}

/** What a user's own cube holds, in the order in which it was said. */
export async function turnsOf(
  os: MemOS,
  userId = "local",
  sessionId?: string,
): Promise<readonly string[]> {
  const session = os.as({ userId });
  const { items } = await session.listCubes();
  if (items.length === 0) return [];
  const cube = await session.cube(`user:${userId}`, { readOnly: true });
  const page = await cube.list({ limit: 1_000, ...(sessionId === undefined ? {} : { sessionId }) });
  return page.items.map(({ payload }) =>
    payload.type === "turn" ? `${payload.role}: ${payload.text}` : JSON.stringify(payload),
  );
}

/** Waits for what is on its way; a hang still fails the test. */
export async function eventually<T>(read: () => Promise<T> | T, when: (value: T) => boolean) {
  for (const deadline = Date.now() + 10_000; ;) {
    const value = await read();
    if (when(value) || Date.now() > deadline) return value;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

type Given = ConstructorParameters<typeof MockLanguageModelV4>[0];

/** A model of the SDK's own mocks with memory around it. */
export function remembering(given: Given, options: Partial<MemCubeMiddlewareOptions> = {}) {
  const os = options.os ?? emptyOS();
  const base = new MockLanguageModelV4(given);
  const model = wrapLanguageModel({
    model: base,
    middleware: memcubeMiddleware({ os, ...options }),
  });
  return { os, base, model };
}
