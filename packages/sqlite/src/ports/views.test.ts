import { visibilityKey } from "@memcube/core";
import { expect, test } from "vitest";

import type { Guarded, View } from "../worker/commands/vault/visible.ts";
import { Views } from "./views.ts";

const CUBE = { tenantId: "t", cubeId: "c" };
const header = (allow: readonly string[], deny: readonly string[] = []): string =>
  JSON.stringify({
    owner: "user:ada",
    allow,
    deny,
    later: "members of a newer core are left alone",
  });

/** A thread that has one cube, whose state a test changes. */
function fakeThread() {
  const state = {
    visibility: 1,
    header: header(["everyone"]),
    classes: [visibilityKey({ deny: [] })],
  };
  const asked: View[] = [];
  const ask = async (view: View): Promise<Guarded<View>> => {
    asked.push(view);
    if ("everything" in view) return { value: view };
    const known = view.of.cube === 1 ? view.of.lastClass : 0;
    if (view.of.cube === 1 && view.of.visibility === state.visibility) return { value: view };
    const classes = state.classes.map((visibility, index) => ({ key: index + 1, visibility }));
    return {
      stale: {
        of: { cube: 1, visibility: state.visibility, lastClass: classes.length },
        header: state.header,
        classes: classes.filter(({ key }) => key > known),
      },
    };
  };
  const change = (more: Partial<typeof state>): void => {
    Object.assign(state, more, { visibility: state.visibility + 1 });
  };
  return { asked, ask, change, classes: state.classes };
}

const ada = { principals: ["user:ada", "everyone"] } as const;
const bob = { principals: ["user:bob", "everyone"] } as const;

test("a view is made once for each state of a cube", async () => {
  const { asked, ask } = fakeThread();
  const views = new Views();
  for (let count = 0; count < 3; count += 1) {
    expect(await views.read(CUBE, ada, ask)).toMatchObject({ classes: "all" });
  }
  expect(asked).toHaveLength(4); // the first one knew nothing
});

test("new classes and a changed header are seen at once", async () => {
  const { ask, change, classes } = fakeThread();
  const views = new Views();
  await views.read(CUBE, bob, ask);
  classes.push(visibilityKey({ allow: ["user:ada"], deny: [] }));
  change({});
  expect(await views.read(CUBE, bob, ask)).toMatchObject({ classes: [1] });
  expect(await views.read(CUBE, ada, ask)).toMatchObject({ classes: "all" });
  change({ header: header(["everyone"], ["user:bob"]) });
  expect(await views.read(CUBE, bob, ask)).toMatchObject({ classes: [] });
});

test("who sees nothing gets an empty list, also of a cube without classes", async () => {
  const { ask, change } = fakeThread();
  const views = new Views();
  change({ header: header([]), classes: [] });
  expect(await views.read(CUBE, bob, ask)).toMatchObject({ classes: [] });
  expect(await views.read(CUBE, ada, ask)).toMatchObject({ classes: [] });
});

test("a cube that changes all the time makes a read give up, not go on for ever", async () => {
  const { asked, ask, change } = fakeThread();
  const restless = async (view: View): Promise<Guarded<View>> => {
    change({});
    return ask(view);
  };
  await expect(new Views().read(CUBE, ada, restless)).rejects.toMatchObject({
    code: "MEMCUBE_BUSY",
  });
  expect(asked.length).toBeLessThan(100);
});

test("a header that is none is damage", async () => {
  const { ask, change } = fakeThread();
  change({ header: "{}" });
  await expect(new Views().read(CUBE, ada, ask)).rejects.toMatchObject({
    code: "MEMCUBE_STORAGE_DAMAGED",
  });
});

test("the system asks for everything", async () => {
  const { ask } = fakeThread();
  expect(await new Views().read(CUBE, { system: "index" }, ask)).toEqual({ everything: true });
});
