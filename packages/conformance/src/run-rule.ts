import type { Storage } from "@memcube/core";

import type { MakePlace, StoragePlace } from "./place.ts";
import type { Rule, RuleContext } from "./rule.ts";

/**
 * Checks one rule in a place of its own, and leaves nothing behind.
 *
 * @returns why the rule could not be checked; `undefined` when it was, and holds
 * @throws whatever the rule throws when the storage breaks it
 */
export async function runRule(rule: Rule, make: MakePlace): Promise<string | undefined> {
  const place = await make();
  if (rule.needs !== undefined && place[rule.needs] === undefined) {
    await place.destroy();
    return `the place has no ${rule.needs}`;
  }
  const handles = openHandles(place);
  try {
    await rule.run({ place, storage: await handles.open(), ...handles.others });
  } finally {
    await handles.close();
    await place.destroy();
  }
  return undefined;
}

function openHandles(place: StoragePlace) {
  const handles: Storage[] = [];
  const open = async (): Promise<Storage> => {
    const storage = await place.open();
    handles.push(storage);
    return storage;
  };
  const close = async (): Promise<void> => {
    for (const storage of handles.splice(0)) await storage.close();
  };
  const others: Pick<RuleContext, "another" | "reopen"> = {
    another: async () => (place.shared ? undefined : handles[0]) ?? open(),
    reopen: async () => {
      await close();
      return open();
    },
  };
  return { open, close, others };
}

/** A rule that a storage breaks. */
export interface BrokenRule {
  readonly rule: Rule;
  readonly error: unknown;
}

/**
 * Checks rules one after the other, without a test runner.
 *
 * @param options.atMost stops after so many broken ones. @default all of them
 */
export async function findBrokenRules(
  rules: readonly Rule[],
  make: MakePlace,
  options: { readonly atMost?: number } = {},
): Promise<readonly BrokenRule[]> {
  const broken: BrokenRule[] = [];
  for (const rule of rules) {
    if (broken.length >= (options.atMost ?? Infinity)) break;
    try {
      await runRule(rule, make);
    } catch (error) {
      broken.push({ rule, error });
    }
  }
  return broken;
}
