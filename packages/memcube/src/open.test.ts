import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { memoryStorage } from "@memcube/core/testing";
import { afterAll, describe, expect, it } from "vitest";

import { isMemCubeError, open, type OpenOptions } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "memcube-open-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** As plain JavaScript would call it. */
const openAnyhow = async (options: unknown) => await open(options as OpenOptions);

describe("open", () => {
  it("makes the file with its folder, and finds there again what was added", async () => {
    const path = join(folder, "deep", "memory.db");
    const first = await open({ path });
    const cube = await first.as({ userId: "ada" }).createCube("trips");
    const { ids } = await cube.add("I moved to Turin in May.");
    await first.close();
    expect(existsSync(path)).toBe(true);

    const second = await open({ path, durability: "process" });
    const again = await second.as({ userId: "ada" }).cube("trips");
    const { hits } = await again.search("Where do I live, Turin?");
    expect(hits.map(({ memory }) => memory.header.id)).toEqual(ids);
    await second.close();
  });

  it("works over a storage of the user's own, and closes it", async () => {
    const storage = memoryStorage();
    const os = await open({ storage });
    expect(os.storage).toBe(storage.name);
    await os.close();
    const ref = { tenantId: "default", cubeId: "x" };
    await expect(storage.vault.cube(ref)).rejects.toMatchObject({ code: "MEMCUBE_CLOSED" });
  });

  it.each([
    ["memory.db", 'open takes options: open({ path: "memory.db" })'],
    [null, "open takes options"],
    [{ file: "memory.db" }, "open: unknown option file"],
    [{ path: "" }, "open: path is the name of a file"],
    [{ path: 7 }, "open: path is the name of a file"],
    [{ path: ":memory:", durability: "none" }, "durability"],
    [{ storage: memoryStorage(), path: "memory.db" }, "open: give storage or path, not both"],
  ])("refuses %j as misuse", async (options, message) => {
    await expect(openAnyhow(options)).rejects.toThrow(TypeError);
    await expect(openAnyhow(options)).rejects.toThrow(message);
  });

  it("names the file that is no database, and leaves it as it is", async () => {
    const path = join(folder, "text.db");
    writeFileSync(path, "not a database, but long enough to look like a header of one ".repeat(20));
    const error = await open({ path }).catch((thrown: unknown) => thrown);
    expect(isMemCubeError(error, "MEMCUBE_STORAGE_DAMAGED")).toBe(true);
    expect(String(error)).toContain(path);
  });

  it("says that a folder is no file", async () => {
    await expect(open({ path: folder })).rejects.toMatchObject({ code: "MEMCUBE_STORAGE_FAILED" });
    await expect(open({ path: folder })).rejects.toThrow("is a folder");
  });

  it("closes the storage it opened when another option is wrong", async () => {
    const path = join(folder, "wrong.db");
    await expect(open({ path, hotCommits: 0 })).rejects.toMatchObject({
      code: "MEMCUBE_INVALID_INPUT",
    });
    // Nothing holds the file any more.
    const os = await open({ path });
    await os.close();
  });
});
