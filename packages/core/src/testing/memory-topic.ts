import { LIMITS } from "../limits.ts";
import type { Topic, TopicRef } from "../ports/index.ts";
import type { DirectPort } from "./direct-port.ts";
import type { GroupRow, MemoryData, TopicRow } from "./memory-data.ts";

/** The topic port: an array of messages, and for each group what it has read. */
export function memoryTopic({ topics }: MemoryData): DirectPort<Topic> {
  const find = (ref: TopicRef) => {
    const key = JSON.stringify([ref.tenantId, ref.name]);
    const topic = topics.get(key) ?? { nextId: 1, messages: [], groups: new Map() };
    topics.set(key, topic);
    return topic;
  };
  return {
    publish: (ref, values, now) => {
      const topic = find(ref);
      const added = values.map((value) => ({ id: topic.nextId++, at: now, value }));
      topic.messages = [...topic.messages, ...added].slice(-LIMITS.topicMessages);
      return added.map(({ id }) => id);
    },
    read: (ref, { group: name, limit, now, visibleMs }) => {
      const topic = find(ref);
      const group = groupOf(topic, name);
      const given = topic.messages
        .filter(
          ({ id }) => id > group.lastId || (group.pending.get(id)?.visibleAt ?? Infinity) <= now,
        )
        .slice(0, limit);
      for (const { id } of given) {
        group.pending.set(id, { visibleAt: now + visibleMs });
        group.lastId = Math.max(group.lastId, id);
      }
      return given;
    },
    acknowledge: (ref, name, ids) => {
      const { pending } = groupOf(find(ref), name);
      for (const id of ids) pending.delete(id);
    },
  };
}

function groupOf(topic: TopicRow, name: string): GroupRow {
  const group = topic.groups.get(name) ?? { lastId: 0, pending: new Map() };
  topic.groups.set(name, group);
  return group;
}
