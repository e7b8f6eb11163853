import { describe, expect, test } from "vitest";

import { ALL_RULES } from "../all-rules.ts";
import { PORTS } from "../rule.ts";
import { findBrokenRules } from "../run-rule.ts";
import { type Defect, placesWith } from "./defect.testing.ts";
import { eraseDefects } from "./erase-defects.testing.ts";
import {
  blobsDefects,
  storageDefects,
  threadsDefects,
  topicDefects,
  usageDefects,
} from "./other-defects.testing.ts";
import { queueDefects } from "./queue-defects.testing.ts";
import { readDefects } from "./read-defects.testing.ts";
import { upkeepDefects } from "./upkeep-defects.testing.ts";
import { writeDefects } from "./write-defects.testing.ts";

// The suite is tested by storages that are wrong in one way each: a rule must see it.

const DEFECTS: readonly Defect[] = [
  ...writeDefects,
  ...eraseDefects,
  ...readDefects,
  ...upkeepDefects,
  ...queueDefects,
  ...threadsDefects,
  ...topicDefects,
  ...blobsDefects,
  ...usageDefects,
  ...storageDefects,
];

describe.each(PORTS)("defects of %s are seen", (port) => {
  const rules = ALL_RULES.filter((rule) => rule.port === port);

  test.each(DEFECTS.filter((defect) => defect.port === port))("$name", async (defect) => {
    const broken = await findBrokenRules(rules, placesWith(defect), { atMost: 1 });
    expect(broken).toHaveLength(1);
  });
});

test("a rule is named once", () => {
  const names = ALL_RULES.map(({ port, topic, name }) => `${port}: ${topic}: ${name}`);
  expect(new Set(names).size).toBe(names.length);
});
