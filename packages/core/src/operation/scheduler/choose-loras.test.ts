import { describe, expect, test } from "vitest";

import type { JsonObject, Memory } from "../../memory/index.ts";
import { chooseLoras, type LoraCandidate } from "./choose-loras.ts";

interface Given {
  readonly activation?: JsonObject;
  readonly tags?: readonly string[];
  readonly priority?: number;
  readonly distance?: number;
  readonly relevance?: number;
}

function candidate(id: string, given: Given = {}): LoraCandidate {
  const { activation, tags = [], priority = 0, distance = 0, relevance = 0 } = given;
  const header = { id, cubeId: `cube-${distance}`, tags, priority, activation };
  const memory = { header, version: { number: 3 } } as unknown as Memory;
  return { memory, distance, relevance: () => relevance };
}

const ids = (candidates: readonly LoraCandidate[], task?: string) =>
  chooseLoras(candidates, task).map(({ memoryId, why }) => `${memoryId} ${why}`);

describe("which LoRAs are used", () => {
  const always = candidate("a", { activation: { always: true } });
  const declared = candidate("d", { activation: { tasks: ["Translate"] } });
  const tagged = candidate("t", { tags: ["translate", "french"], relevance: 0.9 });
  const silent = candidate("s", { relevance: 0.39 });

  test("a task named: those that declare it, in whatever case, and those always on", () => {
    const all = [tagged, silent, always, declared];
    expect(ids(all, " TRANSLATE")).toEqual(["a always", "d task", "t task"]);
    expect(ids(all, "trans")).toEqual(["a always"]);
  });

  test("no task named: those that the question is about, and no near misses", () => {
    expect(ids([silent, tagged, declared, always])).toEqual(["a always", "t question"]);
  });

  test("a description is only looked at where it counts", () => {
    const looked = { ...always, relevance: () => expect.fail("not asked for") };
    expect(ids([looked])).toEqual(["a always"]);
    expect(ids([{ ...declared, relevance: looked.relevance }], "translate")).toEqual(["d task"]);
  });

  test("the order is the same whatever order they come in", () => {
    const activation = { always: true };
    const all = [
      candidate("far-a", { activation, distance: 1 }),
      candidate("far-b", { activation, distance: 1 }),
      candidate("near", { activation, distance: 0 }),
      candidate("wanted", { activation, distance: 2, priority: 1 }),
    ];
    const order = ["wanted always", "near always", "far-a always", "far-b always"];
    expect(ids(all)).toEqual(order);
    expect(ids(all.toReversed())).toEqual(order);
    expect(ids([...all, candidate("fifth", { activation, distance: 3 })])).toEqual(order);
  });

  test("scales are the memory's; wrong conditions and a scale of 0 choose nothing", () => {
    const scaled = candidate("x", { activation: { always: true, scale: -0.5 } });
    expect(chooseLoras([scaled], undefined)).toEqual([
      { memoryId: "x", cubeId: "cube-0", version: 3, scale: -0.5, why: "always" },
    ]);
    const wrong: readonly JsonObject[] = [
      { always: "yes" },
      { always: true, scale: 1_000 },
      { always: true, tasks: "all" },
      { always: true, scale: 0 },
    ];
    expect(ids(wrong.map((activation, at) => candidate(`w${at}`, { activation })))).toEqual([]);
  });
});
