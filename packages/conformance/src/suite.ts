import { describe, test } from "vitest";

import { ALL_RULES } from "./all-rules.ts";
import type { MakePlace } from "./place.ts";
import { PORTS, type PortName } from "./rule.ts";
import { runRule } from "./run-rule.ts";

/**
 * Declares a test for each rule of every port. There is no option: a driver says what it can do in its
 * `capabilities`, and both what is declared and what is not is checked.
 *
 * @param name of the storage, for the titles of the tests
 * @param make makes an empty place; called for each rule
 */
export function storageConformance(name: string, make: MakePlace): void {
  for (const port of PORTS) declareTests(name, port, make);
}

/** The rules of `Storage` itself: opening, closing, what a closed one does, what stays. */
export function lifecycleConformance(name: string, make: MakePlace): void {
  declareTests(name, "storage", make);
}

/** The rules of the vault. */
export function vaultConformance(name: string, make: MakePlace): void {
  declareTests(name, "vault", make);
}

/** The rules of threads. */
export function threadsConformance(name: string, make: MakePlace): void {
  declareTests(name, "threads", make);
}

/** The rules of the task queue. */
export function taskQueueConformance(name: string, make: MakePlace): void {
  declareTests(name, "queue", make);
}

/** The rules of topics. */
export function topicConformance(name: string, make: MakePlace): void {
  declareTests(name, "topic", make);
}

/** The rules of the blob store. */
export function blobsConformance(name: string, make: MakePlace): void {
  declareTests(name, "blobs", make);
}

/** The rules of usage counters. */
export function usageConformance(name: string, make: MakePlace): void {
  declareTests(name, "usage", make);
}

function declareTests(name: string, port: PortName, make: MakePlace): void {
  const rules = ALL_RULES.filter((rule) => rule.port === port);
  describe(`${name}: ${port}`, () => {
    for (const topic of new Set(rules.map((rule) => rule.topic))) {
      // eslint-disable-next-line vitest/valid-title -- titles are data here
      describe(topic, () => {
        for (const rule of rules.filter((one) => one.topic === topic)) {
          // eslint-disable-next-line vitest/valid-title -- as above
          test(rule.name, async ({ skip }) => {
            const unchecked = await runRule(rule, make);
            if (unchecked !== undefined) skip(unchecked);
          });
        }
      });
    }
  });
}
