/**
 * Graphs on LangGraph's own MemorySaver and on MemCubeSaver: whatever can be observed of them is the
 * same.
 */
import { type BaseCheckpointSaver, MemorySaver } from "@langchain/langgraph";
import { createMemOS, type MemOS } from "@memcube/core";
import { MemCubeSaver } from "@memcube/langgraph";
import { sqliteStorage } from "@memcube/sqlite";
import { describe, expect, test } from "vitest";

import { eachPlace, type MakePlace } from "../servers/each-storage.ts";
import { type Keeping, play } from "./scenario.ts";
import { AGENTS } from "./scenarios/agents.ts";
import { FAILURES } from "./scenarios/failures.ts";
import { FLOWS } from "./scenarios/flows.ts";
import { FUNCTIONAL } from "./scenarios/functional.ts";
import { INTERRUPTS } from "./scenarios/interrupts.ts";
import { MESSAGES } from "./scenarios/messages.ts";
import { TRAVEL } from "./scenarios/travel.ts";

const SCENARIOS = {
  ...INTERRUPTS,
  ...FAILURES,
  ...FLOWS,
  ...FUNCTIONAL,
  ...MESSAGES,
  ...TRAVEL,
  ...AGENTS,
};

const RAM = "sqlite in RAM";

function inMemorySaver(): Keeping {
  const saver: BaseCheckpointSaver = new MemorySaver();
  return { saver: () => saver, restart: () => Promise.resolve() };
}

function scenariosOn(makePlace: MakePlace, name: string): void {
  test.each(Object.entries(SCENARIOS))("%s", async (_what, scenario) => {
    const open = makePlace();
    let os: MemOS = createMemOS({ storage: await open() });
    const keeping = {
      saver: () => new MemCubeSaver({ os }),
      restart: async () => {
        // What lies in RAM is gone with it.
        if (name === RAM) return;
        await os.close();
        os = createMemOS({ storage: await open() });
      },
    };
    try {
      const notes = await play(scenario, keeping);
      expect(notes).toEqual(await play(scenario, inMemorySaver()));
    } finally {
      await os.close();
    }
  });
}

eachPlace(scenariosOn);

describe("on SQLite in RAM", () => {
  scenariosOn(() => () => sqliteStorage({ path: ":memory:" }), RAM);
});
