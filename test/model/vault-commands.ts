import type { Access, StoredVersion } from "@memcube/core";
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc, { type AsyncCommand } from "fast-check";

import {
  AT,
  commitBoth,
  create,
  type Model,
  type Real,
  refOf,
  remember,
  settle,
  TENANT,
  toPort,
} from "./model-run.ts";
import {
  commit,
  type CubeModel,
  current,
  type State,
  versionsOf,
  type WriteModel,
} from "./vault-model.ts";

type Command = AsyncCommand<Model, Real>;

const SYSTEM: Access = { system: "verify" };
const BOB: Access = { principals: ["user:bob", "everyone"] };

function command(
  name: string,
  details: object,
  run: (model: Model, real: Real) => Promise<void>,
): Command {
  return { check: () => true, run, toString: () => `${name}(${JSON.stringify(details)})` };
}

// Small sets, so that commands meet.
const cube = fc.constantFrom("one", "two");
const id = fc.constantFrom("a", "b", "c", "d");
const handle = fc.nat({ max: 1 });
const externalKey = fc.option(fc.constantFrom("k1", "k2"), { nil: undefined });

/** Right, too low, too high, or none at all. */
const expectation = fc.constantFrom("right", "right", "right", "low", "high");

interface Put {
  readonly id: string;
  readonly expectation: string;
  readonly externalKey?: string;
  readonly hidden: boolean;
}
const put: fc.Arbitrary<Put> = fc.record({ id, expectation, externalKey, hidden: fc.boolean() });
const erasure = fc.record({ id, expectation: fc.constantFrom("none", "none", "right", "high") });

function expected(model: CubeModel | undefined, memory: string, how: string): number {
  const version = model === undefined ? 0 : (current(model).get(memory)?.version ?? 0);
  return Math.max(0, version + (how === "low" ? -1 : how === "high" ? 1 : 0));
}

function putModel(model: CubeModel | undefined, text: string, input: Put): WriteModel {
  const { id: memory, hidden, externalKey: key } = input;
  const expectedVersion = expected(model, memory, input.expectation);
  return { op: "put", id: memory, expectedVersion, text, externalKey: key, hidden };
}

function eraseModel(
  model: CubeModel | undefined,
  input: { id: string; expectation: string },
): WriteModel {
  if (input.expectation === "none") return { op: "erase", id: input.id };
  return {
    op: "erase",
    id: input.id,
    expectedVersion: expected(model, input.id, input.expectation),
  };
}

const rowsOf = (rows: readonly StoredVersion[]) =>
  rows.map(({ id: memory, version, content }) => {
    const { payload } = JSON.parse(content) as { payload: { text: string } };
    return { id: memory, version, text: payload.text };
  });

function expectedRows(state: State, access: Access) {
  return [...state]
    .filter(([, { hidden }]) => "system" in access || !hidden)
    .map(([memory, { version, text }]) => ({ id: memory, version, text }));
}

const createCube = fc
  .record({ cube, handle })
  .map((input) =>
    command("create", input, (model, real) =>
      create(model, real.handles[input.handle]!, input.cube),
    ),
  );

const dropCube = fc.record({ cube, handle }).map((input) =>
  command("drop", input, async (model, real) => {
    const dropped = await real.handles[input.handle]!.vault.dropCube(refOf(input.cube));
    assert.equal(dropped, model.cubes.delete(input.cube));
    model.receipts.delete(input.cube);
  }),
);

const putSome = fc
  .record({
    cube,
    handle,
    puts: fc.uniqueArray(put, { minLength: 1, maxLength: 3, selector: (one) => one.id }),
  })
  .map((input) =>
    command("put", input, async (model, real) => {
      const before = model.cubes.get(input.cube);
      const writes = input.puts.map((one) => putModel(before, `text ${model.commits}`, one));
      await commitBoth(model, real.handles[input.handle]!, input.cube, writes);
    }),
  );

const erase = fc.record({ cube, handle, erasure }).map((input) =>
  command("erase", input, async (model, real) => {
    const writes = [eraseModel(model.cubes.get(input.cube), input.erasure)];
    await commitBoth(model, real.handles[input.handle]!, input.cube, writes);
  }),
);

const commitTwice = fc
  .record({ cube, handle, put, key: fc.constantFrom("key-1", "key-2", "key-3") })
  .map((input) =>
    command("commit twice", input, async (model, real) => {
      for (const at of [input.handle, 1 - input.handle]) {
        const text = `text ${model.commits}`;
        const writes = [putModel(model.cubes.get(input.cube), text, input.put)];
        const task = `task ${model.commits}`;
        await commitBoth(model, real.handles[at]!, input.cube, writes, { key: input.key, task });
      }
    }),
  );

/** Both handles put the same memory at the same time: one of the two orders must have happened. */
const putAtOnce = fc.record({ cube, id }).map((input) =>
  command("put at once", input, async (model, real) => {
    const before = model.cubes.get(input.cube);
    const ref = refOf(input.cube);
    const writes = [0, 1].map((index) =>
      putModel(before, `race ${model.commits} by ${index}`, {
        ...input,
        expectation: "right",
        hidden: false,
      }),
    );
    const found = await Promise.all(
      writes.map((one, index) =>
        settle(real.handles[index]!, {
          cube: ref,
          at: AT,
          commitId: `race-${(model.commits += 1)}`,
          writes: [toPort(ref, before, one)],
        }),
      ),
    );
    const winner = found.findIndex((one) => "receipt" in one);
    const outcome = commit(before, writes.slice(winner === -1 ? 0 : winner).slice(0, 1));
    if (!("cube" in outcome)) {
      assert.deepEqual(found, [outcome, outcome]);
      return;
    }
    remember(model, input.cube, outcome.cube, found[winner]!);
    assert.deepEqual(found[1 - winner], { error: "MEMCUBE_CONFLICT" });
  }),
);

const listPages = fc
  .record({
    cube,
    handle,
    limit: fc.integer({ min: 1, max: 5 }),
    order: fc.constantFrom("oldest" as const, "newest" as const),
    access: fc.constantFrom(SYSTEM, BOB),
    /** Of the log: 1 is now. */
    part: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
  })
  .map((input) =>
    command("list", input, async (model, real) => {
      const { access, order, limit, part } = input;
      const { vault } = real.handles[input.handle]!;
      const states = model.cubes.get(input.cube)?.states ?? [];
      const seq = part === undefined ? undefined : Math.max(1, Math.ceil(part * states.length));
      const rows = [];
      let cursor: string | undefined;
      let total: number | undefined;
      do {
        const query = { access, order, limit, seq, cursor, filter: {}, withTotal: true };
        const page = await vault.list(refOf(input.cube), query);
        rows.push(...rowsOf(page.items));
        ({ cursor, total } = page);
      } while (cursor !== undefined && rows.length < 100);
      const state = states[(seq ?? states.length) - 1] ?? new Map();
      const oldestFirst = expectedRows(state, access);
      assert.deepEqual(rows, order === "oldest" ? oldestFirst : oldestFirst.toReversed());
      assert.equal(total, oldestFirst.length);
    }),
  );

const readSome = fc
  .record({ cube, handle, part: fc.double({ min: 0, max: 1, noNaN: true }) })
  .map((input) =>
    command("read", input, async (model, real) => {
      const { vault } = real.handles[input.handle]!;
      const ref = refOf(input.cube);
      const states = model.cubes.get(input.cube)?.states ?? [];
      const ids = ["d", "b", "a", "c"];
      for (const seq of [undefined, Math.max(1, Math.ceil(input.part * states.length))]) {
        const state: State = states[(seq ?? states.length) - 1] ?? new Map();
        const inOrder = new Map(
          ids.flatMap((one) => (state.has(one) ? [[one, state.get(one)!]] : [])),
        );
        const found = await vault.read(ref, { access: SYSTEM, seq, ids });
        assert.deepEqual(rowsOf(found), expectedRows(inOrder, SYSTEM));
      }
      const held = [...(states.at(-1) ?? [])].filter(
        ([, { externalKey: key }]) => key !== undefined,
      );
      for (const key of ["k1", "k2"]) {
        const found = await vault.readByKey(ref, { access: SYSTEM, externalKeys: [key] });
        const holder = held.filter(([, memory]) => memory.externalKey === key);
        assert.deepEqual(rowsOf(found), expectedRows(new Map(holder), SYSTEM));
      }
    }),
  );

const readVersions = fc.record({ cube, handle, id }).map((input) =>
  command("versions", input, async (model, real) => {
    const { vault } = real.handles[input.handle]!;
    const found = await vault.versions(refOf(input.cube), {
      id: input.id,
      access: SYSTEM,
      limit: 1_000,
    });
    const cubeModel = model.cubes.get(input.cube);
    const numbers = cubeModel === undefined ? [] : versionsOf(cubeModel, input.id);
    assert.deepEqual(
      found.map(({ version }) => version),
      numbers,
    );
  }),
);

const readLog = fc.record({ cube, handle }).map((input) =>
  command("log", input, async (model, real) => {
    const storage = real.handles[input.handle]!;
    const ref = refOf(input.cube);
    const receipts = model.receipts.get(input.cube) ?? [];
    const log = await storage.vault.log(ref, { afterSeq: 0, limit: 10_000 });
    assert.deepEqual(
      log.map(({ seq, head, body }) => ({ seq, head, body })),
      receipts.map(({ position, body }) => ({ seq: position.seq, head: position.head, body })),
    );
    let head = "";
    for (const entry of log) {
      const line = `${head}\n${entry.seq}\n${entry.at}\n${entry.digest}`;
      head = createHash(storage.vault.capabilities.linkHash).update(line).digest("hex");
      assert.equal(entry.head, head);
    }
    assert.deepEqual(await storage.vault.position(ref), receipts.at(-1)?.position);
    const keys = [...model.tasks];
    assert.deepEqual(
      await storage.queue.states(TENANT, keys),
      keys.map(() => "waiting"),
    );
    assert.equal((await storage.queue.stats()).waiting, keys.length);
  }),
);

const reopen = fc.record({ handle }).map((input) =>
  command("reopen", input, async (_model, real) => {
    await real.handles[input.handle]!.close();
    real.handles[input.handle] = await real.reopen(input.handle);
  }),
);

const crash = fc.constant(
  command("crash", {}, async (_model, real) => {
    real.handles = await real.crash();
  }),
);

/** What happens seldom; opening a file takes longer than everything else. */
const disturbance = fc.oneof(
  { weight: 3, arbitrary: reopen },
  { weight: 1, arbitrary: crash },
  { weight: 3, arbitrary: dropCube },
);

/** Every command, those that write most often. */
export function vaultCommands(maxCommands: number): fc.Arbitrary<Iterable<Command>> {
  const writing = [putSome, putSome, putSome, putSome, erase, erase, commitTwice, commitTwice];
  const reading = [listPages, listPages, listPages, readSome, readVersions, readLog];
  const all = [...writing, ...reading, putAtOnce, putAtOnce, createCube, createCube, disturbance];
  return fc.commands(all, { maxCommands, size: "+1" });
}
