import { type JsonObject, LIMITS, type Topic, type TopicRef } from "@memcube/core";

import type { RedisConnection } from "../connection/connection.ts";
import { escapeName } from "../keys.ts";
import { numberOf, objectOf, rowsOf, textOf } from "../replies.ts";

/** Messages of one script call, so that a long batch holds up nobody for more than a millisecond. */
const BATCH = 250;

/**
 * The topic port: a stream per topic whose entry ids count up, and for each group how far it has read
 * and a sorted set of what it was given. What a group is given lapses by the caller's clock, which the
 * consumer groups of Redis (idle times by the server's clock) can't do; see
 * docs/decisions/2026-11-20-redis-ports.md.
 *
 * `publish` is one script per 250 messages, O(messages); `read` one script, O(messages returned);
 * `acknowledge` one ZREM, O(ids x log pending).
 */
export function redisTopic(connection: RedisConnection): Topic {
  const { keys } = connection;
  const keyOf = ({ tenantId, name }: TopicRef, part: string): string =>
    keys.topic(tenantId, name, part);
  const pendingKey = (topic: TopicRef, group: string): string =>
    keyOf(topic, `pending:${escapeName(group)}`);
  return {
    publish: async (topic, values, now) => {
      connection.checkOpen();
      const ids: number[] = [];
      for (let at = 0; at < values.length; at += BATCH) {
        const batch = values.slice(at, at + BATCH);
        const first = await publishBatch(topic, batch, now);
        ids.push(...batch.map((_, place) => first + place));
      }
      return ids;
    },
    read: async (topic, { group, limit, now, visibleMs }) => {
      const reply = await connection.run(
        "read-messages",
        [keyOf(topic, "messages"), keyOf(topic, "state"), pendingKey(topic, group)],
        [group, String(limit), String(now), String(now + visibleMs)],
      );
      return rowsOf(reply, 3).map(([id, at, value]) => ({
        id: numberOf(id),
        at: numberOf(at),
        value: objectOf(textOf(value)),
      }));
    },
    acknowledge: async (topic, group, ids) => {
      connection.checkOpen();
      if (ids.length === 0) return;
      const key = pendingKey(topic, group);
      await connection.send(key, ["ZREM", key, ...ids.map((id) => String(id).padStart(16, "0"))]);
    },
  };

  async function publishBatch(
    topic: TopicRef,
    values: readonly JsonObject[],
    now: number,
  ): Promise<number> {
    return numberOf(
      await connection.run(
        "publish-messages",
        [keyOf(topic, "messages"), keyOf(topic, "state")],
        [
          String(now),
          String(LIMITS.topicMessages),
          ...values.map((value) => JSON.stringify(value)),
        ],
      ),
    );
  }
}
