import { expect, test, vi } from "vitest";

import { tell } from "./tell.ts";

test("a listener is told, and may be missing", () => {
  const raised = vi.fn<(error: unknown) => void>();
  const listener = vi.fn<(error: string, part: number) => void>();
  tell(listener, ["a", 1], raised);
  tell(undefined, ["a", 1], raised);
  expect(listener.mock.calls).toEqual([["a", 1]]);
  expect(raised).not.toHaveBeenCalled();
});

const broken = new Error("listener");
test.each<[string, () => unknown]>([
  [
    "throws",
    () => {
      throw broken;
    },
  ],
  ["rejects", async () => await Promise.reject(broken)],
])("what a listener raises costs nothing: it %s", async (_, listener) => {
  const raised = vi.fn<(error: unknown) => void>();
  tell(listener, [], raised);
  await vi.waitFor(() => expect(raised.mock.calls).toEqual([[broken]]));
});
