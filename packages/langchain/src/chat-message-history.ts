import {
  checkScoped,
  refusalOf,
  ScopedCubes,
  wholeTurns,
  type MemCube,
  type Memory,
} from "@memcube/core";
import { BaseListChatMessageHistory } from "@langchain/core/chat_history";
import { SystemMessage, type BaseMessage } from "@langchain/core/messages";

import { turnOf } from "./from-langchain.ts";
import { scopeOf, type MemCubeFields } from "./options.ts";
import { toMessage } from "./to-langchain.ts";

export interface MemCubeChatMessageHistoryInput extends MemCubeFields {
  /** The conversation; one in the scope goes before it. @default "default" */
  readonly sessionId?: string;
  /**
   * Tokens that `getMessages` may return: of a longer conversation a system message with a summary and
   * the latest messages. @default no bound
   */
  readonly historyTokens?: number;
}

const PAGE_ROWS = 1_000;

/**
 * The messages of one session, in order, for chains with `RunnableWithMessageHistory`. Each is a memory
 * of the cube: found by search in other sessions, kept under its versions, erased by `clear`.
 */
export class MemCubeChatMessageHistory extends BaseListChatMessageHistory {
  override lc_namespace = ["memcube", "chat_history"];
  readonly #fields: MemCubeChatMessageHistoryInput;
  readonly #cubes: ScopedCubes;
  /** Writes stand in line, so that messages keep their order. */
  #writing: Promise<unknown> = Promise.resolve();

  constructor(fields: MemCubeChatMessageHistoryInput) {
    checkScoped(fields, "MemCubeChatMessageHistory");
    super();
    this.#fields = fields;
    this.#cubes = new ScopedCubes(fields.os);
  }

  /** The messages, the oldest first; `[]` when there are none. Waits for writes begun before. */
  override async getMessages(): Promise<BaseMessage[]> {
    await this.#writing;
    const { historyTokens, os } = this.#fields;
    const scope = await this.#scope();
    const memories = await this.#cubes.use(scope, "read", async (cube) => turnsIn(cube, scope));
    const messages = wholeTurns(memories ?? []).flatMap((memory) => toMessage(memory) ?? []);
    if (historyTokens === undefined || messages.length === 0) return messages;
    const plan = await os
      .as(scope.caller)
      .prepare({ messages, historyTokens, budgetTokens: 0, sessionId: scope.sessionId });
    const kept = plan.history?.keep.flatMap((at) => messages[at] ?? []) ?? messages;
    return plan.stable === "" ? kept : [new SystemMessage(plan.stable), ...kept];
  }

  override async addMessage(message: BaseMessage): Promise<void> {
    await this.addMessages([message]);
  }

  /**
   * Adds messages in one commit. One with an id that is there already is not added again.
   *
   * @throws MemCubeError `MEMCUBE_INVALID_INPUT` when one can't be kept, such as one beyond
   * `LIMITS.turnChars`; the others are
   */
  override async addMessages(messages: BaseMessage[]): Promise<void> {
    const written = this.#writing.then(async () => {
      const scope = await this.#scope();
      const turns = messages.map(turnOf);
      const result = await this.#cubes.use(
        scope,
        "write",
        async (cube) => await cube.add(turns, { sessionId: scope.sessionId }),
      );
      const refusal = refusalOf(result?.rejected ?? []);
      if (refusal !== undefined) throw refusal;
    });
    // One that fails is told of to its caller; the next goes on.
    this.#writing = written.catch(() => undefined);
    await written;
  }

  /** Destroys the messages of this session. What was derived from them stays. */
  override async clear(): Promise<void> {
    await this.#writing;
    const scope = await this.#scope();
    await this.#cubes.use(scope, "read", async (cube) => {
      const ids = (await turnsIn(cube, scope)).map(({ header }) => header.id);
      for (let start = 0; start < ids.length; start += PAGE_ROWS) {
        await cube.erase(ids.slice(start, start + PAGE_ROWS));
      }
    });
  }

  async #scope() {
    const scope = await scopeOf(this.#fields);
    const { sessionId = "default" } = this.#fields;
    return { ...scope, sessionId: scope.sessionId ?? sessionId };
  }
}

/** Turns of a session by their places in it. */
async function turnsIn(
  cube: MemCube,
  { sessionId }: { readonly sessionId: string },
): Promise<readonly Memory[]> {
  const turns: Memory[] = [];
  let cursor: string | undefined;
  do {
    const page = await cube.list({
      sessionId,
      types: ["turn"],
      limit: PAGE_ROWS,
      ...(cursor === undefined ? {} : { cursor }),
    });
    turns.push(...page.items);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return turns.sort((a, b) => orderOf(a) - orderOf(b));
}

function orderOf({ payload }: Memory): number {
  return payload.type === "turn" ? payload.order : 0;
}
