import type { JsonObject, TopicRef } from "@memcube/core";

import type { Connection } from "../connection.ts";
import type { Context } from "../context.ts";

/** A message whose value is still JSON. */
export interface MessageText {
  readonly id: number;
  readonly at: number;
  readonly value: string;
}

/** `Topic.publish` */
export function publishMessages(
  { db, limits }: Context,
  input: { readonly topic: TopicRef; readonly values: readonly JsonObject[]; readonly now: number },
): number[] {
  const { key, next_id: first } = topicRow(db, input.topic);
  const ids = input.values.map((value, place) => {
    const insert = "INSERT INTO topic_message (topic, id, at, value) VALUES (?, ?, ?, ?)";
    db.run(insert, key, first + place, input.now, JSON.stringify(value));
    return first + place;
  });
  const next = first + ids.length;
  db.run("UPDATE topic SET next_id = ? WHERE key = ?", next, key);
  db.run("DELETE FROM topic_message WHERE topic = ? AND id < ?", key, next - limits.topicMessages);
  return ids;
}

interface ReadInput {
  readonly topic: TopicRef;
  readonly group: string;
  readonly limit: number;
  readonly now: number;
  readonly visibleMs: number;
}

/** `Topic.read`: first what comes again, then what is new to the group. Both in the order of ids. */
export function readMessages({ db }: Context, input: ReadInput): MessageText[] {
  const topic = topicRow(db, input.topic).key;
  const group = groupRow(db, topic, input.group);
  const messages = db.all<MessageText>(
    `SELECT m.id, m.at, m.value FROM topic_pending p
     JOIN topic_message m ON m.topic = ? AND m.id = p.message
     WHERE p.topic_group = ? AND p.visible_at <= ? ORDER BY m.id LIMIT ?`,
    topic,
    group.key,
    input.now,
    input.limit,
  );
  const fresh = db.all<MessageText>(
    "SELECT id, at, value FROM topic_message WHERE topic = ? AND id > ? ORDER BY id LIMIT ?",
    topic,
    group.last_id,
    input.limit - messages.length,
  );
  for (const { id } of [...messages, ...fresh]) {
    db.run(
      "INSERT OR REPLACE INTO topic_pending (topic_group, message, visible_at) VALUES (?, ?, ?)",
      group.key,
      id,
      input.now + input.visibleMs,
    );
  }
  const last = fresh.at(-1);
  if (last !== undefined) {
    db.run("UPDATE topic_group SET last_id = ? WHERE key = ?", last.id, group.key);
    // What was dropped from the topic before it was acknowledged never comes again.
    const oldest = "SELECT min(id) FROM topic_message WHERE topic = ?";
    const drop = `DELETE FROM topic_pending WHERE topic_group = ? AND message < (${oldest})`;
    db.run(drop, group.key, topic);
  }
  return [...messages, ...fresh];
}

/** `Topic.acknowledge` */
export function acknowledgeMessages(
  { db }: Context,
  input: { readonly topic: TopicRef; readonly group: string; readonly ids: readonly number[] },
): void {
  const group = groupRow(db, topicRow(db, input.topic).key, input.group);
  for (const id of input.ids) {
    db.run("DELETE FROM topic_pending WHERE topic_group = ? AND message = ?", group.key, id);
  }
}

interface TopicRow {
  readonly key: number;
  readonly next_id: number;
}

function topicRow(db: Connection, { tenantId, name }: TopicRef): TopicRow {
  const find = "SELECT key, next_id FROM topic WHERE tenant = ? AND name = ?";
  const insert =
    "INSERT INTO topic (tenant, name, next_id) VALUES (?, ?, 1) RETURNING key, next_id";
  return needed(db.get<TopicRow>(find, tenantId, name) ?? db.get<TopicRow>(insert, tenantId, name));
}

interface GroupRow {
  readonly key: number;
  readonly last_id: number;
}

function groupRow(db: Connection, topic: number, name: string): GroupRow {
  const find = "SELECT key, last_id FROM topic_group WHERE topic = ? AND name = ?";
  const insert = `INSERT INTO topic_group (topic, name, last_id) VALUES (?, ?, 0)
    RETURNING key, last_id`;
  return needed(db.get<GroupRow>(find, topic, name) ?? db.get<GroupRow>(insert, topic, name));
}

function needed<Row>(row: Row | undefined): Row {
  if (row === undefined) throw new TypeError("an inserted row was not returned");
  return row;
}
