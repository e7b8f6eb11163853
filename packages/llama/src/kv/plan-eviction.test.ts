import fc from "fast-check";
import { expect, test } from "vitest";

import { type EvictableLink, planEviction } from "./plan-eviction.ts";

const NOW = 1_000_000_000;
const HOUR = 3_600_000;

function link(key: string, parent: string, part: Partial<EvictableLink> = {}): EvictableLink {
  const position = parent === "root" ? 0 : 256;
  return {
    key,
    parent,
    position,
    page: `page-${key}`,
    storedBytes: 100,
    costMs: 10,
    createdAt: NOW,
    ...part,
  };
}

const keysOf = (links: readonly EvictableLink[]) => links.map(({ key }) => key);

test("nothing goes while there is room", () => {
  const links = [link("a", "root"), link("b", "a")];
  expect(planEviction({ links, uses: [], targetBytes: 200, now: NOW })).toEqual([]);
});

test("the page that is cheapest to make again goes first, after what builds on it", () => {
  const links = [
    link("cheap", "root", { costMs: 1 }),
    link("on-cheap", "cheap", { costMs: 2 }),
    link("dear", "root", { costMs: 50 }),
  ];
  const plan = (targetBytes: number) =>
    keysOf(planEviction({ links, uses: [], targetBytes, now: NOW }));
  expect(plan(250)).toEqual(["on-cheap"]);
  expect(plan(150)).toEqual(["on-cheap", "cheap"]);
  expect(plan(0)).toEqual(["on-cheap", "cheap", "dear"]);
});

test("a use of a prefix is a use of all its pages, and old uses fade", () => {
  const links = [
    link("a", "root"),
    link("a2", "a"),
    link("b", "root", { costMs: 11 }),
    link("c", "root", { costMs: 11 }),
  ];
  const uses = [
    { key: "a2", at: NOW },
    { key: "c", at: NOW - 30 * 24 * HOUR },
  ];
  expect(keysOf(planEviction({ links, uses, targetBytes: 0, now: NOW }))).toEqual([
    "b",
    "c",
    "a2",
    "a",
  ]);
});

test("what nobody can reach goes first, whether there is room or not", () => {
  const links = [link("a", "root"), link("lost", "gone"), link("lost2", "lost", { position: 512 })];
  const plan = planEviction({ links, uses: [], targetBytes: 1_000, now: NOW });
  expect(new Set(keysOf(plan))).toEqual(new Set(["lost", "lost2"]));
});

test("a pinned page and what it builds on stay", () => {
  const links = [link("a", "root"), link("b", "a"), link("c", "root")];
  const pinned = new Set(["b"]);
  expect(keysOf(planEviction({ links, uses: [], targetBytes: 0, now: NOW, pinned }))).toEqual([
    "c",
  ]);
});

test("no page goes before one that builds on it", () => {
  const tree = fc.array(
    fc.record({
      parent: fc.nat(30),
      costMs: fc.nat(100),
      createdAt: fc.nat(NOW),
      storedBytes: fc.integer({ min: 1, max: 100 }),
    }),
    { minLength: 1, maxLength: 30 },
  );
  fc.assert(
    fc.property(tree, fc.nat(2_000), fc.array(fc.nat(30)), (shapes, targetBytes, used) => {
      const links: EvictableLink[] = [];
      for (const [at, { parent, ...rest }] of shapes.entries()) {
        const on = at === 0 ? undefined : links[parent % (at + 1)];
        const position = on === undefined ? 0 : on.position + 256;
        links.push(link(`${at}`, on?.key ?? "root", { ...rest, position }));
      }
      const uses = used.map((at) => ({ key: `${at}`, at: NOW }));
      const gone = new Set<string>();
      for (const each of planEviction({ links, uses, targetBytes, now: NOW })) {
        gone.add(each.key);
        const child = links.find(({ parent, key }) => parent === each.key && !gone.has(key));
        expect(child, `${each.key} went before what builds on it`).toBeUndefined();
      }
      const left = links.filter(({ key }) => !gone.has(key));
      expect(left.reduce((sum, { storedBytes }) => sum + storedBytes, 0)).toBeLessThanOrEqual(
        targetBytes,
      );
    }),
  );
});
