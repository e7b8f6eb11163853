import { LIMITS, type Topic } from "@memcube/core";

import { assert, race, times } from "./kit/checks.ts";
import { START } from "./kit/content.ts";
import { HOSTILE_NAMES } from "./kit/hostile-names.ts";
import { rulesOf } from "./rule.ts";

const NEWS = { tenantId: "tenant-1", name: "news" };

type ReadQuery = Parameters<Topic["read"]>[1];

const reading = (more: Partial<ReadQuery> = {}): ReadQuery => ({
  group: "group-1",
  consumer: "one",
  limit: 100,
  now: START,
  visibleMs: 1e3,
  ...more,
});

const values = (count: number, from = 0) => times(count, (index) => ({ n: from + index }));

async function read(topic: Topic, more: Partial<ReadQuery> = {}, ref = NEWS): Promise<unknown[]> {
  return (await topic.read(ref, reading(more))).map(({ value }) => value["n"]);
}

export const topicRules = rulesOf("topic", "messages", {
  "messages are read in order, as they were published": async ({ storage: { topic } }) => {
    assert.deepEqual(await topic.read(NEWS, reading()), []);
    const value = { text: "é\u{1f9ca}", list: [1, null, { deep: true }] };
    const ids = await topic.publish(NEWS, [value, { n: 2 }], START + 5);
    const more = await topic.publish(NEWS, [{ n: 3 }], START + 6);
    assert.ok(ids.length === 2 && more.length === 1);
    const all = [...ids, ...more];
    assert.deepEqual(
      all,
      all.toSorted((a, b) => a - b),
    );
    assert.equal(new Set(all).size, 3);
    assert.deepEqual(await topic.read(NEWS, reading()), [
      { id: all[0], at: START + 5, value },
      { id: all[1], at: START + 5, value: { n: 2 } },
      { id: all[2], at: START + 6, value: { n: 3 } },
    ]);
    assert.deepEqual(await topic.publish(NEWS, [], START), []);
  },

  "each group reads every message, its consumers share them": async ({ storage: { topic } }) => {
    await topic.publish(NEWS, values(6), START);
    assert.deepEqual(await read(topic, { limit: 4 }), [0, 1, 2, 3]);
    assert.deepEqual(await read(topic, { consumer: "two", limit: 4 }), [4, 5]);
    assert.deepEqual(await read(topic, { consumer: "one" }), []);
    assert.deepEqual(await read(topic, { group: "group-2" }), [0, 1, 2, 3, 4, 5]);
  },

  "what was not acknowledged in time goes to the next who asks": async ({ storage: { topic } }) => {
    await topic.publish(NEWS, values(3), START);
    const [first] = await topic.read(NEWS, reading());
    assert.ok(first !== undefined);
    await topic.acknowledge(NEWS, "group-1", [first.id]);
    assert.deepEqual(await read(topic, { consumer: "two", now: START + 999 }), []);
    const again = await read(topic, { consumer: "two", now: START + 1_000 });
    assert.deepEqual(again, [1, 2]);
    assert.deepEqual(await read(topic, { now: START + 1_999 }), [], "it has them for as long");
    assert.deepEqual(await read(topic, { now: START + 2_000 }), [1, 2]);
  },

  "what was acknowledged does not come again": async ({ storage: { topic } }) => {
    await topic.publish(NEWS, values(4), START);
    const ids = (await topic.read(NEWS, reading())).map(({ id }) => id);
    await topic.acknowledge(NEWS, "group-1", ids.slice(0, 2));
    await topic.acknowledge(NEWS, "group-1", [...ids.slice(0, 2), 999_999]);
    assert.deepEqual(await read(topic, { now: START + 5_000 }), [2, 3]);
    assert.equal((await read(topic, { group: "group-2" })).length, 4, "other groups are others");
  },

  "a new group starts at the oldest message": async ({ storage: { topic } }) => {
    await topic.publish(NEWS, values(3), START);
    const ids = (await topic.read(NEWS, reading())).map(({ id }) => id);
    await topic.acknowledge(NEWS, "group-1", ids);
    await topic.publish(NEWS, values(2, 3), START);
    assert.deepEqual(await read(topic), [3, 4]);
    assert.deepEqual(await read(topic, { group: "late" }), [0, 1, 2, 3, 4]);
  },

  "topics belong to tenants and are told apart by any name": async ({ storage: { topic } }) => {
    const foreign = { ...NEWS, tenantId: "tenant-2" };
    await topic.publish(NEWS, values(1), START);
    assert.deepEqual(await read(topic, {}, foreign), []);
    await topic.publish(foreign, values(1, 7), START);
    assert.deepEqual(await read(topic, {}, foreign), [7]);
    for (const [index, name] of HOSTILE_NAMES.entries()) {
      await topic.publish({ tenantId: "t", name }, [{ n: index }], START);
    }
    for (const [index, name] of HOSTILE_NAMES.entries()) {
      const ref = { tenantId: "t", name };
      assert.deepEqual(await read(topic, { group: name, consumer: name }, ref), [index], name);
    }
  },

  "consumers at the same time are given different messages": async ({ storage, another }) => {
    const topics = [storage.topic, (await another()).topic];
    await storage.topic.publish(NEWS, values(60), START);
    const { won } = await race(
      times(
        8,
        (index) => () =>
          read(topics[index % 2] ?? storage.topic, { consumer: `consumer-${index}`, limit: 10 }),
      ),
    );
    const given = won.flat();
    assert.equal(given.length, 60);
    assert.equal(new Set(given).size, 60);
  },

  "messages published at the same time are all kept": async ({ storage, another }) => {
    const topics = [storage.topic, (await another()).topic];
    const { won } = await race(
      times(
        10,
        (index) => () =>
          (topics[index % 2] ?? storage.topic).publish(NEWS, values(3, index * 3), START),
      ),
    );
    assert.equal(new Set(won.flat()).size, 30);
    const all = await read(storage.topic);
    assert.deepEqual(new Set(all), new Set(times(30, (index) => index)));
  },

  "a topic keeps so many messages, the newest": async ({ storage: { topic } }) => {
    const batch = 10_000;
    const extra = 20_000;
    const ids: number[] = [];
    for (let from = 0; from < LIMITS.topicMessages + extra; from += batch) {
      ids.push(...(await topic.publish(NEWS, values(batch, from), START)));
    }
    const [first] = await topic.read(NEWS, reading({ limit: 1 }));
    const oldest = first?.value["n"];
    assert.ok(typeof oldest === "number" && oldest > 0, "old ones are dropped");
    assert.ok(oldest <= extra, "no more of them than must be");
    assert.equal(new Set(ids).size, LIMITS.topicMessages + extra);
  },
});
