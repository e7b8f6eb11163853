import { afterEach, describe, expect, test } from "vitest";

import { SUMMARY_HEADING } from "../../operation/scheduler/index.ts";
import { testOS, wordEmbedder } from "../../testing/test-os.ts";
import type { MemOS } from "./index.ts";

const opened: MemOS[] = [];
afterEach(async () => {
  for (const os of opened.splice(0)) await os.close();
});

function start() {
  const { os } = testOS();
  opened.push(os);
  return os.as({ userId: "ada" });
}

interface ChatMessage {
  id: string;
  role: string;
  content: string;
}

/** A long talk in which one early turn says where the key is. */
function longTalk(exchanges = 40): ChatMessage[] {
  return Array.from({ length: exchanges }, (_, i) => [
    {
      id: `u${i}`,
      role: "user",
      content: i === 3 ? "The spare key lies under the blue pot." : `What about chapter ${i}?`,
    },
    { id: `a${i}`, role: "assistant", content: `Chapter ${i} is about rivers and mountains.` },
  ]).flat();
}

describe("prepare with historyTokens", () => {
  test("a conversation that fits is kept whole, and its tokens are told", async () => {
    const me = start();
    const messages = longTalk(2);
    const plan = await me.prepare({ messages, historyTokens: 1_000 });
    expect(plan.history?.keep).toEqual([0, 1, 2, 3]);
    expect(plan.history?.tokens.before).toBe(plan.history?.tokens.after);
    expect(plan.history?.tokens.before).toBeGreaterThan(30);
    expect(plan.stable).toBe("");
    expect((await me.prepare({ messages })).history).toBeUndefined();
  });

  test("a long one is cut; the stable block sums up what is gone", async () => {
    const me = start();
    await (await me.cube("user:ada")).add({ type: "preference", text: "Answer briefly." });
    const messages = longTalk();
    const plan = await me.prepare({ sessionId: "s", messages, historyTokens: 400 });
    const { keep, tokens } = plan.history!;
    expect(keep.length).toBeLessThan(40);
    expect(keep.at(-1)).toBe(79);
    expect(tokens.after).toBeLessThanOrEqual(400);
    expect(tokens.before).toBeGreaterThan(800);
    const [known, summary] = plan.stable.split("\n\n");
    expect(known).toContain("Answer briefly.");
    expect(summary!.split("\n")[0]).toBe(SUMMARY_HEADING);
    expect(summary).toContain("spare key");
    const { tokens: blocks } = plan;
    expect(blocks.stable).toBeGreaterThan(40);
  });

  test("what was cut and absorbed is recalled; what is shown is not", async () => {
    const me = start();
    const messages = [
      ...longTalk(),
      { id: "q", role: "user", content: "Where did I say the spare key lies?" },
    ];
    await me.absorb({ sessionId: "s", turns: messages });
    const whole = await me.prepare({ sessionId: "s", messages });
    expect(whole.volatile).toBe("");
    const cut = await me.prepare({ sessionId: "s", messages, historyTokens: 300 });
    const texts = cut.hits.map(({ memory }) => (memory.payload as { text: string }).text);
    const everything = `${cut.stable}\n${cut.volatile}`;
    expect(everything.match(/under the blue pot/g)).toHaveLength(1);
    const shown = cut.history!.keep.map((at) => messages[at]!.content);
    for (const text of texts) expect(shown).not.toContain(text);
    const tiny = await me.prepare({ sessionId: "s", messages, historyTokens: 20 });
    expect(tiny.stable).toBe("");
    expect(tiny.volatile).toContain("under the blue pot");
  });

  test("with no budget for memory no memory is looked at, the history is cut all the same", async () => {
    const me = start();
    const messages = longTalk();
    await me.absorb({ sessionId: "s", turns: messages });
    const plan = await me.prepare({ messages, historyTokens: 400, budgetTokens: 0 });
    expect(plan.volatile).toBe("");
    expect(plan.stable.startsWith(SUMMARY_HEADING)).toBe(true);
    expect(plan.history!.keep.length).toBeLessThan(80);
  });

  test("a summary that comes back in a conversation is not remembered", async () => {
    const me = start();
    const plan = await me.prepare({ messages: longTalk(), historyTokens: 400 });
    const turns = [{ role: "user", content: `${plan.stable}\n\nAnd now?` }];
    await me.absorb({ sessionId: "t", turns });
    const { items } = await (await me.cube("user:ada")).list();
    expect(items.map(({ payload }) => payload)).toMatchObject([{ text: "And now?" }]);
  });

  const steps = Array.from({ length: 12 }, (_, i) => `step${i}`);
  const weather = "It is raining in Bergen, as nearly always at this time of the year.";
  test.each<[string, readonly unknown[]]>([
    [
      "OpenAI",
      steps.flatMap((id) => [
        {
          role: "assistant",
          content: null,
          tool_calls: [{ id, type: "function", function: { name: "look", arguments: "{}" } }],
        },
        { role: "tool", tool_call_id: id, content: weather },
      ]),
    ],
    [
      "the AI SDK",
      steps.flatMap((id) => [
        {
          role: "assistant",
          content: [{ type: "tool-call", toolCallId: id, toolName: "look", input: {} }],
        },
        {
          role: "tool",
          content: [
            {
              type: "tool-result",
              toolCallId: id,
              toolName: "look",
              output: { type: "text", value: weather },
            },
          ],
        },
      ]),
    ],
    [
      "LangChain",
      steps.flatMap((id) => [
        {
          type: "ai",
          content: "",
          tool_calls: [{ id, name: "look", args: {}, type: "tool_call" }],
        },
        { type: "tool", content: weather, tool_call_id: id, name: "look" },
      ]),
    ],
    [
      "Anthropic",
      steps.flatMap((id) => [
        { role: "assistant", content: [{ type: "tool_use", id, name: "look", input: {} }] },
        { role: "user", content: [{ type: "tool_result", tool_use_id: id, content: weather }] },
      ]),
    ],
  ])("calls and results of %s stay together, and the question in front", async (_, calls) => {
    const me = start();
    const messages = [{ role: "user", content: "How is the weather?" }, ...calls];
    const plan = await me.prepare({ messages, historyTokens: 160 });
    const { keep } = plan.history!;
    expect(keep[0]).toBe(0);
    expect(keep.length).toBeGreaterThan(2);
    expect(keep.length).toBeLessThan(12);
    expect(keep.length % 2).toBe(1);
    expect(keep[1]! % 2).toBe(1);
    expect(keep.at(-1)).toBe(24);
  });

  test("the question is embedded once for all steps of a run, another user's too", async () => {
    const embedder = wordEmbedder();
    const { os } = testOS({ embedder });
    opened.push(os);
    const ask = async (userId: string, content: string) => {
      const me = os.as({ userId });
      await (await me.cube(`user:${userId}`)).add("The kayak is in the garage.");
      const messages = [{ role: "user", content }];
      return await me.prepare({ messages });
    };
    await ask("ada", "Where is the kayak?");
    await os.idle();
    const before = embedder.calls;
    const again = await ask("bob", "Where is the kayak?");
    expect(again.volatile).toContain("garage");
    await os.idle();
    // Bob's memory is embedded, the question is not.
    expect(embedder.calls - before).toBe(1);
    await ask("ada", "Where is the canoe?");
    await os.idle();
    expect(embedder.calls - before).toBe(3);
  });

  test("refuses what is no number of tokens", async () => {
    const me = start();
    await expect(me.prepare({ messages: [], historyTokens: 0 })).rejects.toMatchObject({
      code: "MEMCUBE_INVALID_INPUT",
    });
    expect((await me.prepare({ messages: "hi", historyTokens: 10 })).history).toBeUndefined();
    const empty = await me.prepare({ messages: [], historyTokens: 10 });
    expect(empty.history).toEqual({ keep: [], tokens: { before: 0, after: 0 } });
  });
});
