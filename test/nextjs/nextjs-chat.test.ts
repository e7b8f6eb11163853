/**
 * The Next.js example as somebody else has it (packed packages, `next build`, `next start`), used in a
 * real browser, killed, restarted, and run as several processes on one memory.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import puppeteer, { type Browser, type Page } from "puppeteer-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { findChromium } from "../browser/chromium-binary.ts";
import { findRedis } from "../servers/redis-binary.ts";
import { startRedis } from "../servers/redis-server.ts";
import { buildApp, type BuiltApp } from "./built-app.ts";
import { say, startNext, type NextServer } from "./next-server.ts";

const KEY = "My bicycle key is in the blue tin";

let app: BuiltApp | undefined;
let folder = "";
const servers = new Set<NextServer>();

beforeAll(() => {
  app = buildApp();
  folder = mkdtempSync(join(tmpdir(), "memcube-nextjs-"));
}, 300_000);

afterAll(async () => {
  await Promise.all([...servers].map(async (server) => await server.kill()));
  if (folder !== "") rmSync(folder, { recursive: true, force: true });
  app?.remove();
}, 60_000);

async function start(storage: string): Promise<NextServer> {
  const server = await startNext(app!, storage);
  servers.add(server);
  return server;
}

const chromium = await findChromium();
const noBrowser = "missing" in chromium ? chromium.missing : undefined;

describe.skipIf(noBrowser !== undefined)(`in a browser${noBrowser ? `: ${noBrowser}` : ""}`, () => {
  let server: NextServer;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    if ("missing" in chromium) return;
    server = await start(join(folder, "browser.db"));
    browser = await puppeteer.launch({
      executablePath: chromium.path,
      env: { ...process.env, ...chromium.env },
      // Containers and root have no sandbox of the system's.
      args: ["--no-sandbox", "--disable-dev-shm-usage"],
    });
    page = await browser.newPage();
  }, 60_000);
  afterAll(async () => await browser?.close(), 60_000);

  async function newChat(): Promise<void> {
    await page.goto(server.url);
    await page.locator("::-p-text(New chat)").click();
    await page.waitForSelector('textarea[name="text"]');
  }

  /** Types a message and sends it; the text of the answer once it is complete. */
  async function ask(text: string): Promise<string> {
    const before = (await answers()).length;
    await page.locator('textarea[name="text"]').fill(text);
    await page.locator("::-p-text(Send)").click();
    await page.waitForFunction(
      (count) =>
        document.querySelectorAll(".message.assistant").length > count &&
        document.querySelector("[data-status]")?.getAttribute("data-status") === "ready",
      {},
      before,
    );
    return (await answers()).at(-1) ?? "";
  }

  async function answers(): Promise<string[]> {
    return await page.$$eval(".message.assistant", (all) =>
      all.map((each) => each.firstChild?.textContent ?? ""),
    );
  }

  /** What the page of memories shows for a search. */
  async function remembered(query: string): Promise<string[]> {
    await page.goto(`${server.url}/memory?q=${encodeURIComponent(query)}`);
    return await page.$$eval(".memory textarea", (all) => all.map(({ value }) => value));
  }

  it("recalls in another chat what one was told, after the server was killed", async () => {
    await newChat();
    const told = new URL(page.url()).pathname;
    expect(await ask(KEY)).toBe("Noted.");
    await server.kill();
    server = await start(join(folder, "browser.db"));
    await newChat();
    expect(await ask("Where is my bicycle key?")).toBe(`You told me: ${KEY}`);
    expect(await page.$eval(".note", (note) => note.textContent)).toMatch(/^from \d+ memories$/);
    // The chat itself is there again, too.
    await page.goto(`${server.url}${told}`);
    await page.waitForSelector(".message.assistant");
    expect(await page.$eval(".message.user", (each) => each.textContent)).toBe(KEY);
    expect(await answers()).toEqual(["Noted."]);
  }, 60_000);

  it("keeps the whole answer of a chat whose reader left in the middle", async () => {
    const whole = Array.from({ length: 150 }, (_, index) => index + 1).join(" ");
    await newChat();
    const left = page.url();
    await page.locator('textarea[name="text"]').fill("Please count to 150");
    await page.locator("::-p-text(Send)").click();
    await page.waitForFunction(() =>
      document.querySelector(".message.assistant")?.textContent?.includes(" 10 "),
    );
    await page.close();
    page = await browser.newPage();
    const deadline = Date.now() + 20_000;
    let found: string[] = [];
    while (!found.includes(whole) && Date.now() < deadline)
      found = await remembered("count to 150");
    expect(found).toContain(whole);
    await page.goto(left);
    await page.waitForSelector(".message.assistant");
    expect(await answers()).toEqual([whole]);
  }, 60_000);

  it("answers with what was corrected", async () => {
    expect(await remembered("bicycle key")).toContain(KEY);
    await page.$$eval(
      ".memory textarea",
      (all, text) => {
        const area = all.find(({ value }) => value === text);
        area!.value = "My bicycle key is in the red box";
        area!.form!.requestSubmit();
      },
      KEY,
    );
    await page.waitForFunction(
      (text) => [...document.querySelectorAll("textarea")].every(({ value }) => value !== text),
      {},
      KEY,
    );
    await newChat();
    const answer = await ask("Where is my bicycle key?");
    expect(answer).toBe("You told me: My bicycle key is in the red box");
  }, 60_000);

  it("keeps users apart", async () => {
    await page.goto(server.url);
    await page.locator('input[name="user"]').fill("bob");
    await page.locator("::-p-text(Change)").click();
    await page.waitForFunction(() => !document.body.innerText.includes("bicycle key"));
    expect(await remembered("bicycle key")).toEqual([]);
    await newChat();
    expect(await ask("Where is my bicycle key?")).toBe("I don't know that.");
    await page.goto(server.url);
    await page.locator('input[name="user"]').fill("ada");
    await page.locator("::-p-text(Change)").click();
    await page.waitForFunction(() => document.body.innerText.includes("count to 150"));
  }, 60_000);

  it("knows nothing of what was forgotten", async () => {
    const about = (texts: string[]) => texts.filter((text) => text.includes("bicycle"));
    expect(about(await remembered("bicycle key")).length).toBeGreaterThan(1);
    await page.locator("::-p-text(Forget all of these)").click();
    await page.waitForFunction(() =>
      [...document.querySelectorAll("textarea")].every(({ value }) => !value.includes("bicycle")),
    );
    expect(about(await remembered("bicycle key"))).toEqual([]);
    await newChat();
    expect(await ask("Where is my bicycle key?")).toBe("I don't know that.");
  }, 60_000);

  it("deletes a chat with what was remembered of it", async () => {
    await newChat();
    await ask("The alarm code is 2468");
    await page.goto(server.url);
    expect(await page.$eval("main li a", (link) => link.textContent)).toBe(
      "The alarm code is 2468",
    );
    await page.locator("main li button").click();
    await page.waitForFunction(() => !document.body.innerText.includes("alarm code"));
    expect((await remembered("alarm code")).join("\n")).not.toContain("2468");
  }, 60_000);

  it("has had no trouble", () => {
    expect(server.log()).not.toMatch(/memory: |⨯|Error/);
  });
});

const redis = await findRedis();
const noRedis = "missing" in redis ? redis.missing : undefined;

/** What one process is told, the other knows at once: for every round, in both directions. */
async function expectShared(storage: string): Promise<void> {
  const [one, other] = [await start(storage), await start(storage)];
  for (let round = 0; round < 6; round++) {
    const [told, asked] = round % 2 === 0 ? [one, other] : [other, one];
    const user = `user-${round}`;
    const text = `The password of ${user} at the library is word${round}`;
    expect(await say(told, { user, chat: "a", text })).toBe("Noted.");
    const question = `Which password has ${user} at the library?`;
    expect(await say(asked, { user, chat: "b", text: question })).toBe(`You told me: ${text}`);
    const stranger = await say(asked, { user: "stranger", chat: "c", text: question });
    expect(stranger).toBe("I don't know that.");
  }
  for (const server of [one, other]) {
    expect(server.log()).not.toMatch(/memory: |⨯|Error/);
    await server.kill();
  }
}

describe("several server processes", () => {
  it("share one file", async () => {
    await expectShared(join(folder, "shared.db"));
  }, 60_000);

  it.skipIf(noRedis !== undefined)(
    `share one Redis${noRedis ? `: ${noRedis}` : ""}`,
    async () => {
      const server = await startRedis({});
      try {
        await expectShared(server.url);
      } finally {
        await server.stop();
      }
    },
    60_000,
  );
});
