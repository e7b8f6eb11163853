import type { Call } from "./client.ts";
import type { NearDatabase } from "./near-database.ts";
import type { Connection } from "./worker/connection.ts";
import { NEAR_VAULT_READS } from "./worker/commands/vault/index.ts";

/** Memories read here at once: ten of a search, not a page of an export. */
const NEAR_ROWS = 64;

type Run = (context: { readonly db: Connection }, input: unknown) => unknown;
const RUNS = NEAR_VAULT_READS as Readonly<Partial<Record<string, Run>>>;

/**
 * Calls with small reads done in the caller's thread: a message to the other one and back costs more
 * than the read. What was acknowledged is found, as each read has a snapshot of its own.
 */
export function nearCall(far: Call, near: NearDatabase, checkOpen: () => void): Call {
  const call = async (name: Parameters<Call>[0], input: never): Promise<unknown> => {
    const run = RUNS[name];
    if (run === undefined || rowsOf(input) > NEAR_ROWS) return await far(name, input);
    checkOpen();
    const read = near.read((db) => run({ db }, input));
    return read === undefined ? await far(name, input) : read.value;
  };
  return call as Call;
}

/** How many memories are asked for by id or key. */
function rowsOf(input: {
  readonly query?: { readonly ids?: readonly string[]; readonly externalKeys?: readonly string[] };
}): number {
  return (input.query?.ids ?? input.query?.externalKeys ?? []).length;
}
