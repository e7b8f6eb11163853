import { createInterface } from "node:readline/promises";

import type { Context } from "./context.ts";
import { EXIT } from "./exit-codes.ts";
import { Failure, usageError } from "./failure.ts";

/** @throws Failure with exit code 2 when there is nobody to ask */
export function assertAskable({ input, notes }: Context): void {
  if (input.isTTY && notes.output.isTerminal) return;
  throw usageError(
    "Nobody can be asked here: this is no terminal.",
    "Add --yes if it is meant; it can't be undone.",
  );
}

/**
 * Asks before something is destroyed. Returns when the answer is yes.
 *
 * @throws Failure when the answer is no (exit code 1), or nobody can be asked (exit code 2)
 */
export async function confirm(context: Context, question: string): Promise<void> {
  assertAskable(context);
  const { input, signal } = context;
  // Not as a terminal: so Ctrl-C stays a signal that ends the command.
  const lines = createInterface({ input, output: process.stderr, terminal: false });
  const closed = new Promise<string>((resolve) => lines.once("close", () => resolve("")));
  try {
    const asked = lines.question(`${question} [y/N] `, { signal });
    const answer = await Promise.race([asked, closed]);
    if (/^y(es)?$/i.test(answer.trim())) return;
  } finally {
    lines.close();
  }
  throw new Failure(EXIT.failed, "Nothing was changed.");
}
