/** The real command over files, pipes and signals: what comes in, what goes out, what is broken. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import {
  CLI,
  commandIn,
  ended,
  json,
  lines,
  memcube,
  start,
  temporaryFolder,
} from "./run-memcube.ts";

const folder = temporaryFolder();
const { here, run, ok, value } = commandIn(folder.path);
afterAll(() => folder.remove());

beforeAll(async () => {
  await ok("add", "I moved to Turin in May", "My dentist is Dr. Rossi", "My bike is green");
  await ok("add", "No meetings before ten", "--type", "preference", "--tag", "work");
  writeFileSync(join(folder.path, "notes.md"), "# Garden\n\nThe tomatoes stand by the wall.\n");
});

describe("in and out", () => {
  const chatgpt = [
    {
      title: "Sourdough",
      create_time: 1_714_550_400,
      mapping: {
        a: { id: "a", message: null, parent: null, children: ["b"] },
        b: {
          id: "b",
          parent: "a",
          children: [],
          message: {
            id: "b",
            author: { role: "user" },
            create_time: 1_714_550_401,
            content: { content_type: "text", parts: ["My starter is called Bubbles."] },
          },
        },
      },
      current_node: "b",
    },
  ];
  const locomo = {
    sample_id: "conv-1",
    conversation: {
      speaker_a: "Ann",
      speaker_b: "Ben",
      session_1_date_time: "1:56 pm on 8 May, 2023",
      session_1: [{ speaker: "Ann", dia_id: "D1:1", text: "I planted a lemon tree." }],
    },
    qa: [
      { question: "What did Ann plant?", answer: "A lemon tree", evidence: ["D1:1"], category: 1 },
    ],
  };

  it("imports conversations of several forms, once", async () => {
    writeFileSync(join(folder.path, "chatgpt.json"), JSON.stringify(chatgpt));
    writeFileSync(join(folder.path, "locomo.json"), JSON.stringify(locomo));
    const openai = { messages: [{ role: "user", content: "Call me Al.", id: "c1" }] };
    writeFileSync(join(folder.path, "openai.jsonl"), `${JSON.stringify(openai)}\n`);
    const args = [
      "import",
      "chatgpt.json",
      "locomo.json",
      "openai.jsonl",
      "notes.md",
      "--db",
      "in.db",
    ];
    const first = json((await ok(...args, "--json")).join("\n"));
    expect(first).toMatchObject([
      { file: "chatgpt.json", format: "chatgpt", added: 1 },
      { file: "locomo.json", format: "locomo", added: 1 },
      { file: "openai.jsonl", added: 1 },
      { file: "notes.md", format: "document", added: 1 },
    ]);
    const again = json((await ok(...args, "--json")).join("\n")) as { added: number }[];
    expect(again.slice(0, 2).map(({ added }) => added)).toEqual([0, 0]);
    const found = await run("search", "What did Ann plant?", "--db", "in.db", "--limit", "1");
    expect(found.out).toMatch(/Ann · conv-1\/session_1 · 2023-05-08 13:56Z · D1:1/);
    const text = (await ok("import", "notes.md", "--db", "other-in.db")).join("\n");
    expect(text).toMatch(/^notes\.md {2}document {2}1 memory added {2}\(/);
  });

  it("says what of a file was not taken", async () => {
    writeFileSync(join(folder.path, "bad.json"), "{ not json");
    const bad = await run("import", "bad.json", "--db", "in.db", "--json");
    expect(bad.code).toBe(1);
    expect(JSON.parse(bad.out)).toMatchObject({ added: 0, rejected: [{ code: "bad-json" }] });
    expect(bad.errors).toContain("(bad-json)");
    writeFileSync(join(folder.path, "x.bin"), Buffer.from([255, 216, 255]));
    expect(await run("import", "x.bin", "--db", "in.db", "--format", "json")).toMatchObject({
      code: 1,
    });
    expect(await run("import", "gone.json", "--db", "in.db")).toMatchObject({ code: 3 });
    expect(await run("import", ".", "--db", "in.db")).toMatchObject({ code: 1 });
  });

  it("exports lines that another file takes in, ids kept", async () => {
    const exported = await ok("export");
    expect(json(exported.join("\n"))[0]).toMatchObject({ memcube: 1, header: {}, payload: {} });
    await ok("export", "--out", "ada.jsonl");
    expect(lines(readFileSync(join(folder.path, "ada.jsonl"), "utf8"))).toEqual(exported);
    expect(await run("export", "--out", "ada.jsonl")).toMatchObject({ code: 1 });
    await ok("export", "-o", "ada.jsonl", "--force");
    expect(await value("import", "ada.jsonl", "--db", "copy.db")).toMatchObject({
      format: "memcube",
      added: exported.length,
    });
    expect(await value("import", "ada.jsonl", "--db", "copy.db")).toMatchObject({ added: 0 });
    const input = exported.join("\n");
    const piped = await memcube({ ...here, input }, "import", "-", "--db", "piped.db", "--json");
    expect(JSON.parse(piped.out)).toMatchObject({ added: exported.length });
    const ids = (text: string[]) => text.toSorted();
    expect(ids(await ok("list", "-q", "--db", "copy.db"))).toEqual(ids(await ok("list", "-q")));
  });

  it("does not let a stored text drive the terminal", async () => {
    const [line = ""] = await ok("export");
    const evil = line.replace(
      /"text":"[^"]*"/,
      String.raw`"text":"\u001b]0;owned\u0007\u001b[2Jred\u009b31m\rfake"`,
    );
    // An id that no memory can have: that line is refused, the other one taken.
    const refused = evil.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, "evil\u009b31m");
    const input = `${evil}\n${refused}`;
    await memcube({ ...here, input }, "import", "-", "--db", "evil.db");
    for (const args of [["list"], ["search", "red fake"], ["show", "evil\u009b31m"], ["export"]]) {
      const { out, errors } = await run(...args, "--db", "evil.db");
      // oxlint-disable-next-line no-control-regex -- none may be there
      expect(out + errors).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    }
    expect((await ok("list", "--db", "evil.db")).join("\n")).toContain("red fake");
  });

  it("backs up a file that verifies", async () => {
    expect(await ok("backup", "backup.db")).toEqual(["backup.db"]);
    expect(await ok("verify", "--all", "--db", "backup.db", "-q")).toEqual([]);
    expect(await ok("list", "-q", "--db", "backup.db")).toEqual(await ok("list", "-q"));
    expect((await run("backup", "backup.db")).code).not.toBe(0);
  });
});

describe("verify and doctor", () => {
  beforeAll(async () => {
    await memcube({ ...here, input: "" }, "add", "one", "two", "--db", "bad.db");
  });

  it("find nothing wrong", async () => {
    expect((await ok("verify", "--all"))[0]).toMatch(
      /^ok {2}user:ada {2}\d+ commits, \d+ versions/,
    );
    const report = await value<object>("verify", "--db", "bad.db");
    expect(report).toMatchObject({ cubeId: "user:ada", ok: true, problems: [] });
    expect(await value("doctor")).toMatchObject({ ok: true });
    expect((await ok("doctor")).join("\n")).toMatch(/^ok +sqlite +3\..* with FTS5$/m);
    expect((await run("doctor", "--db", "none.db")).code).toBe(0);
  });

  it("find what somebody altered in the file", async () => {
    const database = new DatabaseSync(join(folder.path, "bad.db"));
    const tables = database
      .prepare(
        "SELECT m.name AS t FROM sqlite_schema m, pragma_table_info(m.name) c WHERE c.name = 'content'",
      )
      .all() as { t: string }[];
    for (const { t } of tables) {
      database.exec(`UPDATE "${t}" SET content = replace(content, '"one"', '"ONE"')`);
    }
    database.close();
    const { code, out } = await run("verify", "--db", "bad.db");
    expect({ code, out }).toMatchObject({ code: 4 });
    expect(out).toMatch(/NOT OK {2}user:ada/);
    expect(out).toContain("version-altered");
    const report = await run("verify", "--db", "bad.db", "--json");
    expect(JSON.parse(report.out)).toMatchObject({
      ok: false,
      problems: [{ code: "version-altered" }],
    });
    expect(await run("doctor", "--db", "bad.db")).toMatchObject({ code: 4 });
  });

  it("say that a file is of another program", async () => {
    writeFileSync(join(folder.path, "text.db"), "This is not a database. ".repeat(100));
    const { code, errors } = await run("list", "--db", "text.db");
    expect(code).toBe(1);
    expect(errors).toContain("MEMCUBE_STORAGE_DAMAGED");
    expect(await run("doctor", "--db", "text.db")).toMatchObject({ code: 1 });
  });
});

describe("in a shell", () => {
  it("is quiet when the reader of its output goes away", async () => {
    const child = start([CLI, "export"], here);
    child.stdout.destroy();
    const { code, errors } = await ended(child);
    expect({ code, errors }).toEqual({ code: 0, errors: "" });
  });

  it("says when its output can't be written", async ({ skip }) => {
    skip(!existsSync("/dev/full"), "this system has no /dev/full");
    const command = `"${process.execPath}" --conditions=@memcube/source "${CLI}" export > /dev/full`;
    const env = { ...process.env, MEMCUBE_USER: "ada" };
    const { status, stderr } = spawnSync("sh", ["-c", command], { cwd: folder.path, env });
    expect(status).toBe(1);
    expect(String(stderr)).toContain("can't be written");
  });

  it("follows the log until Ctrl-C, then ends with 130 and closes", async () => {
    const child = start([CLI, "log", "--follow", "--json"], here);
    let seen = "";
    child.stdout.on("data", (text: Buffer) => (seen += text.toString()));
    const said = ended(child);
    await expect.poll(() => seen, { timeout: 20_000 }).toContain("cube.create");
    const [id = ""] = await ok("add", "Written while somebody follows");
    await expect.poll(() => seen, { timeout: 20_000 }).toContain(id);
    child.kill("SIGINT");
    const { code, errors } = await said;
    expect({ code, errors }).toEqual({ code: 130, errors: "memcube: interrupted\n" });
  });

  it("ends cleanly when an import is interrupted", async () => {
    const many = Array.from({ length: 50_000 }, (_, number) =>
      JSON.stringify({ role: "user", id: `n${number}`, content: `Number ${number} was said.` }),
    );
    writeFileSync(join(folder.path, "many.jsonl"), many.join("\n"));
    const args = ["import", "many.jsonl", "--session", "many", "--db", "many.db", "--verbose"];
    const child = start([CLI, ...args], here);
    const said = ended(child);
    await expect
      .poll(() => existsSync(join(folder.path, "many.db")), { timeout: 20_000, interval: 20 })
      .toBe(true);
    // The import takes 10 s and more: a second after its file appeared it is in the middle.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    child.kill("SIGINT");
    expect(await said).toMatchObject({ code: 130, out: "" });
    expect(await value("verify", "--db", "many.db")).toMatchObject({ ok: true });
  });

  it("says with 5 that another process keeps the file busy", async () => {
    const database = new DatabaseSync(join(folder.path, "memory.db"));
    database.exec("BEGIN IMMEDIATE");
    const { code, out, errors } = await run("add", "Not now");
    database.exec("ROLLBACK");
    database.close();
    expect({ code, out }).toEqual({ code: 5, out: "" });
    expect(errors).toContain("MEMCUBE_BUSY");
  });

  it("takes file and user from the environment, options first", async () => {
    const env = { MEMCUBE_DB: "env.db", MEMCUBE_USER: "zoe" };
    await memcube({ ...here, env }, "add", "From the environment");
    expect(existsSync(join(folder.path, "env.db"))).toBe(true);
    const { out } = await memcube({ ...here, env }, "--user", "ada", "cubes", "-q");
    expect(out).toBe("");
    expect((await memcube({ ...here, env }, "cubes", "-q")).out).toBe("user:zoe\n");
  });

  it("colours only where it is wanted", async () => {
    const coloured = await memcube({ ...here, env: { FORCE_COLOR: "1" } }, "verify");
    expect(coloured.out).toContain("\u001b[32mok");
    const plain = await memcube({ ...here, env: { NO_COLOR: "1" } }, "verify");
    expect(plain.out).not.toContain("\u001b");
  });
});
