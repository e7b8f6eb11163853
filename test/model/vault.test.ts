import { type MemoryData, memoryStorage } from "@memcube/core/testing";
import { sqliteStorage } from "@memcube/sqlite";
import fc from "fast-check";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

import { begin, type Real } from "./model-run.ts";
import { vaultCommands } from "./vault-commands.ts";

// Random commands over two handles, beside a model. `MEMCUBE_MODEL_RUNS=50` runs fifty times as many;
// a failure prints the commands and a seed to run them again.
const TIMES = Number(process.env["MEMCUBE_MODEL_RUNS"] ?? 1);

interface Place extends Real {
  destroy(): Promise<void>;
}

/** A crash leaves what a snapshot holds. */
async function memoryPlace(): Promise<Place> {
  let data: MemoryData = memoryStorage().data;
  const open = async () => memoryStorage({ from: data });
  return {
    handles: [await open(), await open()],
    reopen: open,
    crash: async () => {
      data = structuredClone(data);
      return [await open(), await open()];
    },
    destroy: async () => undefined,
  };
}

/** A crash leaves the files as they are, with the handles open. */
async function sqlitePlace(): Promise<Place> {
  const root = await mkdtemp(join(tmpdir(), "memcube-model-"));
  let crashes = 0;
  const open = () =>
    sqliteStorage({ path: join(root, `${crashes}`, "memory.db"), durability: "process" });
  const place: Place = {
    handles: [await open(), await open()],
    reopen: open,
    crash: async () => {
      const lost = place.handles;
      const from = join(root, `${crashes}`);
      crashes += 1;
      await cp(from, join(root, `${crashes}`), {
        recursive: true,
        filter: (path) => !path.endsWith("-shm"),
      });
      for (const storage of lost) await storage.close();
      return [await open(), await open()];
    },
    destroy: async () => {
      for (const storage of place.handles) await storage.close();
      await rm(root, { recursive: true });
    },
  };
  return place;
}

async function runModel(makePlace: () => Promise<Place>, numRuns: number, maxCommands: number) {
  await fc.assert(
    fc.asyncProperty(vaultCommands(maxCommands), async (commands) => {
      const real = await makePlace();
      try {
        await fc.asyncModelRun(async () => ({ model: await begin(real), real }), commands);
      } finally {
        await real.destroy();
      }
    }),
    { numRuns: numRuns * TIMES },
  );
}

test("memory behaves as the model", { timeout: 600_000 }, async () => {
  await expect(runModel(memoryPlace, 60, 60)).resolves.toBeUndefined();
});

test("sqlite behaves as the model", { timeout: 600_000 }, async () => {
  await expect(runModel(sqlitePlace, 4, 80)).resolves.toBeUndefined();
});

test("the model sees a storage that is wrong", async () => {
  const wrong = async (): Promise<Place> => {
    const place = await memoryPlace();
    for (const [index, right] of place.handles.entries()) {
      const erased = new Set<string>();
      place.handles[index] = {
        ...right,
        vault: {
          ...right.vault,
          // An erasure leaves the past as it was.
          commit: async (request) => {
            const writes = request.writes.filter(({ op }) => op !== "erase");
            for (const write of request.writes) if (write.op === "erase") erased.add(write.id);
            return right.vault.commit({ ...request, writes });
          },
          list: async (ref, query) => {
            const page = await right.vault.list(ref, query);
            if (query.seq !== undefined) return page;
            const items = page.items.filter(({ id }) => !erased.has(id));
            return { ...page, items, total: items.length };
          },
        },
      };
    }
    return place;
  };
  await expect(runModel(wrong, 60, 60)).rejects.toThrow("Property failed");
});
