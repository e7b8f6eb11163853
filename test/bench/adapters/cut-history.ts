import { join } from "node:path";

import type { InjectionPlan, MemSession } from "@memcube/core";

import { openAt, withDirectory } from "../core/place.ts";
import { findLocomo, loadLocomo, type Conversation, type Turn } from "../locomo/dataset.ts";
import { cpuMsOf, percentile, type Report } from "../report.ts";

const HISTORY_TOKENS = 4_000;
const BUDGET_TOKENS = 1_024;
/** Every so many turns the talk is looked at as a model would get it. */
const STRIDE = 4;

interface Message {
  readonly id: string;
  readonly role: string;
  readonly content: string;
}

/**
 * What cutting a long talk to 4,000 tokens saves, how much of one prompt begins the next (what prompt
 * caches live on), and how much of what questions are about is still in the prompt. Beside it: the latest
 * messages that fit into as many tokens, as most libraries trim. LoCoMo conversations 1-5, each one
 * thread.
 */
export async function benchCutHistory(report: Report): Promise<void> {
  const path = findLocomo();
  if (path === undefined) {
    console.error("LoCoMo is not there: set MEMCUBE_DATA to the folder that holds locomo/");
    return;
  }
  const put = (subject: string, metric: string, value: number, unit: string) =>
    report({ case: "history", subject, metric, value, unit });
  const totals = { before: 0, after: 0, times: [] as number[] };
  const reused = { memcube: [] as number[], "latest messages": [] as number[] };
  const held = { memcube: [] as number[], "latest messages": [] as number[] };
  await withDirectory(async (directory) => {
    const os = await openAt(join(directory, "history.db"), { durability: "process" });
    for (const conversation of loadLocomo(path)) {
      const me = os.as({ userId: conversation.id });
      const messages = messagesOf(conversation.turns);
      const sizes = await sizesOf(me, messages);
      let last = { memcube: [] as string[], "latest messages": [] as string[] };
      for (let end = STRIDE; end <= messages.length; end += STRIDE) {
        const part = messages.slice(0, end);
        let plan: InjectionPlan | undefined;
        totals.times.push(
          await cpuMsOf(async () => {
            plan = await cut(me, part, 0);
          }),
        );
        const { keep = [], tokens = { before: 0, after: 0 } } = plan?.history ?? {};
        totals.before += tokens.before;
        totals.after += tokens.after;
        const next = {
          memcube: [plan?.stable ?? "", ...keep.map((at) => part[at]?.id ?? "")],
          "latest messages": latest(part, sizes, HISTORY_TOKENS).map(({ id }) => id),
        };
        if (tokens.before > HISTORY_TOKENS) {
          for (const subject of ["memcube", "latest messages"] as const) {
            reused[subject].push(sameStart(last[subject], next[subject]));
          }
        }
        last = next;
      }
      await me.absorb({ sessionId: conversation.id, turns: messages });
      await askAll(me, conversation, messages, sizes, held);
    }
    await os.close();
  });
  put("memcube", "prompt_tokens_of_whole_talk", (100 * totals.after) / totals.before, "%");
  put("memcube", "plan_cpu_p50", percentile(totals.times, 0.5), "ms");
  for (const subject of ["memcube", "latest messages"] as const) {
    put(subject, "prompt_begins_as_the_one_before", 100 * mean(reused[subject]), "%");
    put(subject, "evidence_in_prompt", 100 * mean(held[subject]), "%");
  }
}

/** Questions at the end of the talk: is what they are about in the prompt? */
async function askAll(
  me: MemSession,
  { id: sessionId, turns, questions }: Conversation,
  messages: readonly Message[],
  sizes: readonly number[],
  held: Record<"memcube" | "latest messages", number[]>,
): Promise<void> {
  const texts = new Map(turns.map(({ id, text }) => [id, text]));
  const window = latest(messages, sizes, HISTORY_TOKENS + BUDGET_TOKENS).map(
    ({ content }) => content,
  );
  for (const { text, category, evidence } of questions) {
    if (category === 5 || evidence.length === 0) continue;
    const asked = [...messages, { id: "question", role: "user", content: text }];
    const plan = await cut(me, asked, BUDGET_TOKENS, sessionId);
    const kept = (plan.history?.keep ?? []).map((at) => asked[at]?.content ?? "");
    const prompt = [plan.stable, plan.volatile, ...kept].join("\n");
    const share = (all: string) =>
      evidence.filter((each) => all.includes(oneLine(texts.get(each)))).length / evidence.length;
    held.memcube.push(share(oneLine(prompt)));
    held["latest messages"].push(share(oneLine(window.join("\n"))));
  }
}

async function cut(
  me: MemSession,
  messages: readonly Message[],
  budgetTokens: number,
  sessionId?: string,
): Promise<InjectionPlan> {
  return await me.prepare({
    messages,
    historyTokens: HISTORY_TOKENS,
    budgetTokens,
    ...(sessionId === undefined ? {} : { sessionId }),
  });
}

function messagesOf(turns: readonly Turn[]): Message[] {
  const [first] = turns;
  return turns.map(({ id, speaker, text }) => ({
    id,
    role: speaker === first?.speaker ? "user" : "assistant",
    content: text,
  }));
}

/** Tokens of each message, as the plan counts them. */
async function sizesOf(me: MemSession, messages: readonly Message[]): Promise<readonly number[]> {
  const plans = messages.map(async (message) => await cut(me, [message], 0));
  return (await Promise.all(plans)).map(({ history }) => history?.tokens.before ?? 0);
}

function latest(
  messages: readonly Message[],
  sizes: readonly number[],
  budget: number,
): readonly Message[] {
  let start = messages.length;
  let tokens = 0;
  while (start > 0 && tokens + (sizes[start - 1] ?? 0) <= budget) tokens += sizes[--start] ?? 0;
  return messages.slice(start);
}

/** Share of the next prompt's parts that are the beginning of the one before. */
function sameStart(before: readonly string[], next: readonly string[]): number {
  const end = next.findIndex((part, at) => part !== before[at]);
  return next.length === 0 ? 1 : (end === -1 ? next.length : end) / next.length;
}

function oneLine(text = ""): string {
  return text.replaceAll(/\s+/g, " ").trim();
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
