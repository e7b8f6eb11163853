import { toMemory } from "../../infrastructure/vault/index.ts";
import type { TurnPayload } from "../../memory/index.ts";
import type { Candidate } from "../reader/index.ts";
import type { OpenCube } from "./context.ts";

/** The place of a session's next turn; `undefined` for one that begins with this very input. */
export type SessionOrders = ReadonlyMap<string, number | undefined>;

/**
 * Gives new turns of sessions that are there already the places after the last one, in the order they
 * have among themselves. A session that begins here keeps the places that its input gives.
 *
 * @returns the candidates, and what the next batch of the same input goes on from
 */
export async function orderTurns(
  cube: OpenCube,
  candidates: readonly Candidate[],
  orders: SessionOrders,
): Promise<{ readonly candidates: readonly Candidate[]; readonly orders: SessionOrders }> {
  const sessions = new Set(candidates.flatMap(({ payload }) => sessionOf(payload) ?? []));
  if (sessions.size === 0) return { candidates, orders };
  const next = new Map(orders);
  const unknown = [...sessions].filter((sessionId) => !next.has(sessionId));
  const found = await Promise.all(unknown.map(async (sessionId) => nextOrder(cube, sessionId)));
  for (const [i, sessionId] of unknown.entries()) next.set(sessionId, found[i]);
  const placed = [...candidates];
  const turns = candidates.flatMap(({ payload }, place) =>
    payload.type === "turn" ? [{ payload, place }] : [],
  );
  for (const { payload, place } of turns.toSorted((a, b) => a.payload.order - b.payload.order)) {
    const { sessionId } = payload;
    const order = sessionId === undefined ? undefined : next.get(sessionId);
    const candidate = candidates[place];
    if (sessionId === undefined || order === undefined || candidate === undefined) continue;
    placed[place] = { ...candidate, payload: { ...payload, order } };
    next.set(sessionId, order + 1);
  }
  return { candidates: placed, orders: next };
}

function sessionOf(payload: Candidate["payload"]): string | undefined {
  return payload.type === "turn" ? payload.sessionId : undefined;
}

async function nextOrder(
  { context, ref }: OpenCube,
  sessionId: string,
): Promise<number | undefined> {
  const page = await context.storage.vault.list(ref, {
    access: { system: "write" },
    filter: { sessionId, types: ["turn"] },
    order: "newest",
    limit: 1,
  });
  const [last] = page.items;
  return last === undefined ? undefined : (toMemory(ref, last).payload as TurnPayload).order + 1;
}
