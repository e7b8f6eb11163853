/** The real command, as a user runs it: child processes over one file on disk. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { open } from "memcube";
import { afterAll, describe, expect, it } from "vitest";

import { commandIn, json, lines, memcube, temporaryFolder } from "./run-memcube.ts";

const folder = temporaryFolder();
const { here, run, ok, value } = commandIn(folder.path);
afterAll(() => folder.remove());

describe("without a file", () => {
  it("says what is missing and makes nothing", async () => {
    for (const name of ["search", "list", "stats", "export", "log", "verify", "cubes"]) {
      const { code, out, errors } = await run(name, ...(name === "search" ? ["x"] : []));
      expect({ name, code, out }).toEqual({ name, code: 3, out: "" });
      expect(errors).toContain("There is no file memory.db.");
    }
    expect(existsSync(join(folder.path, "memory.db"))).toBe(false);
  });

  it("explains itself", async () => {
    const [page] = [(await ok("help")).join("\n")];
    expect(page).toContain("Usage: memcube COMMAND");
    expect((await run("--help")).out).toBe((await run()).out);
    expect((await ok("help", "search")).join("\n")).toBe((await ok("search", "-h")).join("\n"));
    const { version } = JSON.parse(
      readFileSync(new URL("../../packages/memcube/package.json", import.meta.url), "utf8"),
    ) as { version: string };
    expect(await ok("--version")).toEqual([version]);
    expect(await ok("list", "-v")).toEqual([version]);
  });

  it.each([
    [["serch"], "Unknown command serch. Did you mean search?"],
    [["help", "serch"], "Did you mean search?"],
    [["search", "--lmit", "3", "x"], "Unknown option --lmit. Did you mean --limit?"],
    [["search"], "search needs QUESTION."],
    [["search", "a", "b"], 'search does not take the argument "b".'],
    [["search", "x", "--limit", "0"], "--limit is a whole number from 1 to 1000, not 0."],
    [["search", "x", "--from", "yesterday"], "--from is a date"],
    [["add", "x", "--type", "fcat"], "Did you mean fact?"],
    [["add", "a", "b", "--key", "k"], "--key goes with one"],
    [["update", "id"], "There is nothing to change."],
    [["cubes", "crate", "x"], "Did you mean create?"],
    [["verify", "--all", "--cube", "x"], "exclude each other"],
    [["--db"], "--db needs PATH."],
  ])("refuses %j with 2", async (args, message) => {
    const { code, out, errors } = await run(...args);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(errors).toContain(message);
  });
});

describe("a life of memories", () => {
  let turin = "";
  let dentist = "";

  it("adds texts, prints ids, and JSON when asked", async () => {
    const { code, out, errors } = await run(
      "add",
      "I moved to Turin in May",
      "My dentist is Dr. Rossi",
    );
    expect(code).toBe(0);
    [turin = "", dentist = ""] = lines(out);
    expect(turin).toMatch(/^[\w-]{36}$/);
    expect(errors).toContain("2 memories added to user:ada");
    const added = await value<{ ids: string[]; added: number; position: object }>(
      "add",
      "No meetings before ten",
      "--type",
      "preference",
      "--tag",
      "work",
      "--key",
      "k1",
    );
    expect(added).toMatchObject({ added: 1, cubeId: "user:ada", rejected: [], skipped: 0 });
    expect(Object.keys(added.position)).toEqual(["epoch", "seq", "head"]);
    const again = await value(
      "add",
      "No meetings before ten",
      "--type",
      "preference",
      "--key",
      "k1",
    );
    expect(again).toMatchObject({ added: 0, ids: added.ids });
  });

  it("reads messages, lines and text from standard input", async () => {
    const chat = [
      { id: "m1", role: "user", content: "I fly to Porto on Friday." },
      { id: "m2", role: "assistant", content: "Noted." },
    ];
    const input = JSON.stringify(chat);
    const first = await memcube({ ...here, input }, "add", "--session", "s1", "--json");
    expect(JSON.parse(first.out)).toMatchObject({ added: 2 });
    const jsonl = chat.map((message) => JSON.stringify(message)).join("\n");
    const second = await memcube({ ...here, input: jsonl }, "add", "--session=s1", "--json");
    expect(JSON.parse(second.out)).toMatchObject({ added: 0 });
    const text = await memcube(
      { ...here, input: "My bike is green.\n" },
      "add",
      "-q",
      "--tag",
      "bike",
    );
    expect(text).toMatchObject({ code: 0, errors: "" });
    expect(lines(text.out)).toHaveLength(1);
    const nothing = await memcube({ ...here, input: "  " }, "add");
    expect(nothing.code).toBe(1);
    expect(nothing.errors).toContain("(empty)");
  });

  it("adds a file, and brings its parts up to date when it changed", async () => {
    const path = join(folder.path, "notes.md");
    writeFileSync(path, "# Garden\n\nThe tomatoes stand by the south wall.\n");
    const [id = ""] = await ok("add", "--file", "notes.md");
    writeFileSync(path, "# Garden\n\nThe tomatoes moved to the greenhouse.\n");
    expect(await ok("add", "--file", path, "--json")).toHaveLength(1);
    const shown = await value<{ payload: { text: string }; version: { number: number } }>(
      "show",
      id,
    );
    expect(shown.payload.text).toContain("greenhouse");
    expect(shown.version.number).toBe(2);
    const missing = await run("add", "--file", "nowhere.md");
    expect(missing).toMatchObject({ code: 3 });
  });

  it("finds what answers a question, with where and why", async () => {
    const { out, errors } = await run("search", "Where did I move in May?", "--limit", "1");
    expect(out).toMatch(/^1\. {2}I moved to Turin in May\n {4}\d{4}-\d\d-\d\d \d\d:\d\dZ/);
    expect(out).toContain(turin);
    expect(errors).toMatch(/1 hit in .* ms, confidence/);
    const found = await value<{
      hits: { memory: { header: { id: string } }; score: number; why: object }[];
      positions: Record<string, object>;
    }>("search", "dentist");
    expect(found.hits[0]?.memory.header.id).toBe(dentist);
    expect(found).toMatchObject({ query: "dentist", text: expect.any(String) });
    expect(Object.keys(found.positions)).toEqual(["user:ada"]);
    expect(await ok("search", "dentist", "-q")).toContain(dentist);
    const text = await ok("search", "When do I fly to Porto?", "--budget", "64", "--text");
    expect(text.join("\n")).toContain("I fly to Porto on Friday.");
    expect(await ok("search", "Porto", "--session", "s1", "--type", "turn", "-q")).not.toEqual([]);
    expect(await ok("search", "Porto", "--tag", "nowhere")).toEqual([]);
  });

  it("lists by page, tag, type and session", async () => {
    const page = await value<{ items: object[]; cursor: string; total: number }>(
      "list",
      "--limit",
      "2",
    );
    expect(page).toMatchObject({ total: 7 });
    expect(page.items).toHaveLength(2);
    const next = await ok("list", "-q", "--limit", "50", "--cursor", page.cursor);
    expect(next).toHaveLength(5);
    expect(await ok("list", "-q", "--tag", "work", "--type", "preference")).toHaveLength(1);
    expect(await ok("list", "-q", "--session", "s1")).toHaveLength(2);
    const [row = ""] = await ok("list", "--limit", "1");
    expect(row).toMatch(new RegExp(`^${turin} {2}text +\\d{4}-.* {2}I moved to Turin in May$`));
  });

  it("updates, shows history with who and why, and rolls back", async () => {
    const updated = await run("update", turin, "I live in Lisbon now", "--note", "moved on");
    expect(updated).toMatchObject({ code: 0, out: `${turin}\n`, errors: "now at version 2\n" });
    const story = (await ok("history", turin)).join("\n");
    expect(story).toMatch(
      /version 2, current · .* by ada via cli · activated\n {2}I live in Lisbon now/,
    );
    expect(story).toContain("note: moved on");
    expect(story).toMatch(/version 1 · .* by ada via cli/);
    const versions = json((await ok("history", turin, "--json")).join("\n"));
    expect(versions).toMatchObject([{ version: { number: 2 } }, { version: { number: 1 } }]);
    const stale = await run("update", turin, "late", "--expect", "1");
    expect(stale.code).toBe(1);
    expect(stale.errors).toContain("MEMCUBE_CONFLICT");
    const text = { ...here, input: "I live in Faro\n" };
    expect(await memcube(text, "update", turin, "-")).toMatchObject({ code: 0 });
    expect(await value("rollback", turin, "2")).toMatchObject({
      version: { number: 4 },
      payload: { text: "I live in Lisbon now" },
    });
    expect(await run("rollback", turin, "99")).toMatchObject({ code: 3 });
  });

  it("forgets and brings back", async () => {
    await ok("forget", dentist, "--note", "changed");
    expect(await ok("search", "dentist", "-q")).not.toContain(dentist);
    expect(await ok("list", "--state", "forgotten", "-q")).toEqual([dentist]);
    expect(await run("forget", dentist)).toMatchObject({ code: 1 });
    await ok("rollback", dentist, "1");
    expect(await ok("search", "dentist", "-q")).toContain(dentist);
  });

  it("freezes", async () => {
    await ok("update", dentist, "--freeze");
    const refused = await run("update", dentist, "other");
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.errors).toContain("--unfreeze");
    await ok("update", dentist, "--unfreeze");
  });

  it("erases only when it is meant", async () => {
    const [id = ""] = await ok("add", "The code is 7741-secret");
    const refused = await run("erase", id);
    expect(refused).toMatchObject({ code: 2, out: "" });
    expect(refused.errors).not.toContain("7741");
    expect(await value("erase", id, "--yes")).toEqual({ erased: [id] });
    expect(await run("show", id)).toMatchObject({ code: 3, out: "" });
    expect(await run("history", id)).toMatchObject({ code: 3, out: "" });
    expect(await run("erase", id, "--yes")).toMatchObject({ code: 3 });
    for (const name of ["memory.db", "memory.db-wal"]) {
      const path = join(folder.path, name);
      if (existsSync(path)) expect(readFileSync(path).includes("7741-secret")).toBe(false);
    }
  });

  it("shows everything known about a memory", async () => {
    const page = (await ok("show", turin)).join("\n");
    expect(page).toContain("I live in Lisbon now");
    for (const label of ["id", "cube", "type", "state", "version", "owner", "created", "used"]) {
      expect(page).toMatch(new RegExp(`^ {2}${label} `, "m"));
    }
    const some = await run("show", turin, "nobody", "--json");
    expect(some.code).toBe(3);
    expect(json(some.out)).toMatchObject([{ header: { id: turin } }]);
  });

  it("tells the log, from the beginning, since a commit, a position and a time", async () => {
    const all = json((await ok("log", "--json")).join("\n")) as {
      seq: number;
      op: string;
      actor: { userId: string; via: string };
      position: { seq: number };
    }[];
    expect(all[0]).toMatchObject({
      seq: 1,
      op: "cube.create",
      actor: { userId: "ada", via: "cli" },
    });
    expect(JSON.stringify(all)).not.toContain("Lisbon");
    const from = all.find(({ seq }) => seq === 3)?.position;
    const later = all.filter(({ seq }) => seq > 3);
    expect(json((await ok("log", "--json", "--since", "3")).join("\n"))).toEqual(later);
    expect(json((await ok("log", "--json", "--since", JSON.stringify(from))).join("\n"))).toEqual(
      later,
    );
    expect(await ok("log", "--since", "1h")).toHaveLength(all.length);
    expect((await ok("log"))[0]).toMatch(/^ +1 {2}\d{4}-.*Z {2}ada via cli {2}cube\.create/);
    const lost = JSON.stringify({ ...from, head: "0".repeat(40) });
    expect(await run("log", "--since", lost)).toMatchObject({ code: 3 });
  });

  it("counts", async () => {
    expect(await value("stats")).toMatchObject({
      cubeId: "user:ada",
      memories: 7,
      durability: "power",
      position: { seq: expect.any(Number) },
      fileBytes: expect.any(Number),
    });
    expect((await ok("stats")).join("\n")).toMatch(/^memories {4}7$/m);
  });

  it("goes back in time", async () => {
    const found = await run("search", "Turin", "--at", "2020-01-01");
    expect(found).toMatchObject({ code: 3 });
    expect(found.errors).toContain("MEMCUBE_POSITION_LOST");
    const then = new Date().toISOString();
    await ok("update", turin, "I live in Oslo");
    expect((await ok("search", "Where do I live?", "--at", then)).join("\n")).toContain("Lisbon");
    expect((await ok("search", "Where do I live?")).join("\n")).toContain("Oslo");
  });
});

describe("threads", () => {
  it("are listed, shown, searched, pruned and deleted", async () => {
    const os = await open({ path: join(folder.path, "memory.db") });
    const { threads } = os.as({ userId: "ada" });
    for (const step of [1, 2, 3]) {
      await threads.put("chat-7", {
        id: `step-${step}`,
        ...(step === 1 ? {} : { parentId: `step-${step - 1}` }),
        head: { step },
        channels: new Map([
          ["said", { version: step, changed: true, value: [`invoice 471${step}`] }],
        ]),
      });
    }
    await threads.putWrites("chat-7", {
      id: "step-3",
      taskId: "task",
      writes: [{ index: 0, channel: "said", value: "pending" }],
    });
    await os.close();
    expect(await ok("threads", "--quiet")).toEqual(["chat-7"]);
    expect(await value("threads")).toMatchObject({
      items: [{ threadId: "chat-7", checkpoints: 3 }],
    });
    const shown = (await ok("threads", "show", "chat-7", "--limit", "1")).join("\n");
    expect(shown).toContain('said: ["invoice 4713"]');
    expect(shown).toContain('write of task to said: "pending"');
    expect(await value("threads", "show", "chat-7", "--limit", "2")).toMatchObject({
      items: [{ id: "step-3", head: { step: 3 } }, { parentId: "step-1" }],
    });
    expect(await value("threads", "search", "INVOICE 4713")).toMatchObject({
      threadId: "chat-7",
      excerpt: "invoice 4713",
    });
    expect((await ok("threads", "search", "invoice 4711")).join("")).toBe("");
    expect(await run("threads", "prune", "chat-7")).toMatchObject({ code: 2 });
    expect(await value("threads", "prune", "chat-7", "--yes")).toMatchObject({ pruned: 2 });
    const stranger = { ...here, env: { MEMCUBE_USER: "eve" } };
    expect(await memcube(stranger, "threads", "show", "chat-7")).toMatchObject({ code: 3 });
    expect(await value("threads", "delete", "chat-7", "--yes")).toEqual({ deleted: "chat-7" });
    expect(await run("threads", "delete", "chat-7", "--yes")).toMatchObject({ code: 3 });
    expect(await run("threads", "shwo", "x")).toMatchObject({ code: 2 });
  });
});

describe("cubes", () => {
  it("are private, shared with a role, and deleted", async () => {
    expect(
      await ok("cubes", "create", "team", "--title", "The team", "--allow", "role:team"),
    ).toEqual(["team"]);
    await ok("add", "The release is on Tuesday", "--cube", "team");
    const eve = { ...here, env: { MEMCUBE_USER: "eve" } };
    const outside = await memcube(eve, "search", "release", "--cube", "team");
    expect(outside).toMatchObject({ code: 3, out: "" });
    expect(outside.errors).toContain("MEMCUBE_CUBE_NOT_FOUND");
    const inside = await memcube(eve, "search", "release", "--cube", "team", "--role", "team");
    expect(inside.out).toContain("The release is on Tuesday");
    const write = await memcube(eve, "add", "x", "--cube", "team", "--role", "team");
    expect(write).toMatchObject({ code: 1 });
    expect(write.errors).toContain("MEMCUBE_FORBIDDEN");
    await ok("cubes", "share", "team", "--allow", "everyone", "--writer", "user:eve");
    expect(await memcube(eve, "add", "Eve writes", "--cube", "team")).toMatchObject({ code: 0 });
    const other = await run("search", "release", "--cube", "team", "--tenant", "other");
    expect(other).toMatchObject({ code: 3 });
    const listed = json((await ok("cubes", "--json")).join("\n"));
    expect(listed).toMatchObject([{ cubeId: "team", title: "The team" }, { cubeId: "user:ada" }]);
    expect(await run("cubes", "create", "team")).toMatchObject({ code: 1 });
  });

  it("are searched as one", async () => {
    const both = await value<{ positions: object }>(
      "search",
      "release and Oslo",
      "--cube",
      "team",
      "--cube",
      "user:ada",
    );
    expect(Object.keys(both.positions).toSorted()).toEqual(["team", "user:ada"]);
  });

  it("are destroyed only when it is meant", async () => {
    expect(await run("cubes", "delete", "team")).toMatchObject({ code: 2 });
    expect(await value("cubes", "delete", "team", "--yes")).toEqual({ deleted: "team" });
    expect(await run("stats", "--cube", "team")).toMatchObject({ code: 3 });
  });
});
