import { expect, test, vi } from "vitest";

import { testOS } from "../../testing/test-os.ts";

test("closing waits for work that needs the OS open, whatever becomes of it", async () => {
  const { os } = testOS();
  const me = os.as({ userId: "ada" });
  const added: number[] = [];
  const work = async () => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    added.push((await me.absorb({ turns: "held back for a moment" })).added);
  };
  os.beforeClose(async () => await Promise.reject(new Error("no")));
  os.beforeClose(() => {
    throw new Error("no");
  });
  os.beforeClose(work);
  const takenBack = vi.fn<() => Promise<void>>();
  os.beforeClose(takenBack)();
  await Promise.all([os.close(), os.close()]);
  expect(added).toEqual([1]);
  expect(takenBack).not.toHaveBeenCalled();
  await expect(me.absorb({ turns: "too late" })).rejects.toMatchObject({ code: "MEMCUBE_CLOSED" });
});
