import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";

import type { KvSequence } from "../kv/types.ts";
import { type ContextRequest, Contexts, type LoadedLora } from "./contexts.ts";

/** Holds tokens; what holds a state in earnest is tried in test/llama. */
class TokenList implements Pick<KvSequence, "tokens" | "exactTokens" | "truncate"> {
  held: readonly number[] = [];
  tokens = (): readonly number[] => this.held;
  exactTokens = (): number => this.held.length;
  truncate = (length: number): Promise<void> => {
    this.held = this.held.slice(0, length);
    return Promise.resolve();
  };
}

function makePool(limit: number, fail?: Error) {
  const opened: string[] = [];
  const disposed: string[] = [];
  const lists: TokenList[] = [];
  const pool = new Contexts<KvSequence>(limit, async (lora) => {
    await setImmediate();
    if (fail !== undefined) throw fail;
    const name = lora.map(({ sha256 }) => sha256).join("+") || "base";
    opened.push(name);
    const list = new TokenList();
    lists.push(list);
    return {
      sequence: list as unknown as KvSequence,
      dispose: async () => {
        await setImmediate();
        disposed.push(name);
      },
    };
  });
  const lease = (more: Partial<ContextRequest> = {}) =>
    pool.lease({ lora: [], scope: "", tokens: [], ...more });
  return { pool, lease, opened, disposed, lists };
}

const lora = (sha256: string, scale = 1): readonly LoadedLora[] => [
  { path: sha256, sha256, scale },
];

describe("the contexts of a model", () => {
  it("are made when they are needed, and not more than allowed", async () => {
    const { lease, opened } = makePool(2);
    const one = await lease();
    const two = await lease();
    const served: number[] = [];
    const waiting = [3, 4].map(async (who) => {
      const { release } = await lease();
      served.push(who);
      release();
    });
    await setImmediate();
    expect(served).toEqual([]);
    one.release();
    await Promise.all(waiting);
    expect(served).toEqual([3, 4]);
    two.release();
    expect(opened).toEqual(["base", "base"]);
  });

  it("are given to the request whose prompt they hold", async () => {
    const { lease, lists } = makePool(2);
    const [one, two] = [await lease(), await lease()];
    const [first, second] = lists;
    if (first === undefined || second === undefined) throw new Error("two were opened");
    first.held = [1, 2, 3];
    second.held = [7, 8, 9];
    one.release();
    two.release();
    const again = await lease({ tokens: [7, 8, 9, 10] });
    expect(again.sequence.tokens()).toEqual([7, 8, 9]);
    again.release();
    expect((await lease({ tokens: [1, 2] })).sequence.tokens()).toEqual([1, 2, 3]);
  });

  it("show nothing of another scope", async () => {
    const { lease, lists } = makePool(1);
    const { release } = await lease({ scope: "a" });
    const [list] = lists;
    if (list !== undefined) list.held = [1, 2, 3];
    release();
    const other = await lease({ scope: "b", tokens: [1, 2, 3] });
    expect(other.sequence.tokens()).toEqual([]);
  });

  it("give way to another LoRA set, the least recently used first", async () => {
    const { lease, opened, disposed } = makePool(2);
    const use = async (set: readonly LoadedLora[]): Promise<void> =>
      (await lease({ lora: set })).release();
    await use(lora("a"));
    await use(lora("b"));
    await use(lora("a"));
    await use(lora("c"));
    expect(disposed).toEqual(["b"]);
    await use(lora("a"));
    expect(opened).toEqual(["a", "b", "c"]);
    await use(lora("a", 0.5));
    expect(disposed).toEqual(["b", "c"]);
  });

  it("are not waited for by who gave up", async () => {
    const { lease } = makePool(1);
    const { release } = await lease();
    const leaving = new AbortController();
    const given = lease({ signal: leaving.signal });
    leaving.abort(new Error("no more"));
    await expect(given).rejects.toThrow("no more");
    const next = lease();
    release();
    (await next).release();
  });

  it("say why they can't be made, to everybody who asks", async () => {
    const { lease } = makePool(1, new Error("no room"));
    await expect(lease()).rejects.toThrow("no room");
    await expect(lease()).rejects.toThrow("no room");
  });

  it("are all freed in the end, busy ones when they are released", async () => {
    const { pool, lease, disposed } = makePool(2);
    const idle = await lease({ lora: lora("idle") });
    const busy = await lease({ lora: lora("busy") });
    idle.release();
    const waiting = lease({ lora: lora("late") });
    const late = waiting.catch((error: unknown) => error);
    const closing = pool.close();
    expect(await late).toMatchObject({ code: "MEMCUBE_CLOSED" });
    await closing;
    expect(disposed).toEqual(["idle"]);
    busy.release();
    await pool.close();
    expect(disposed).toEqual(["idle", "busy"]);
    await expect(lease()).rejects.toMatchObject({ code: "MEMCUBE_CLOSED" });
  });
});
