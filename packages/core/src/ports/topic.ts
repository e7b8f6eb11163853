import type { JsonObject } from "../memory/index.ts";

export interface TopicMessage {
  /** Rises along a topic. */
  readonly id: number;
  readonly at: number;
  readonly value: JsonObject;
}

/**
 * Messages to several readers, at least once. A group reads a topic once between its consumers:
 * what one was given and did not acknowledge within `visibleMs` goes to the next who asks. A new
 * group starts at the oldest message kept. A topic keeps `LIMITS.topicMessages` messages.
 */
export interface Topic {
  /** Appends messages; returns their ids in order. */
  publish(topic: TopicRef, values: readonly JsonObject[], now: number): Promise<readonly number[]>;

  read(
    topic: TopicRef,
    query: {
      readonly group: string;
      readonly consumer: string;
      readonly limit: number;
      readonly now: number;
      readonly visibleMs: number;
    },
  ): Promise<readonly TopicMessage[]>;

  acknowledge(topic: TopicRef, group: string, ids: readonly number[]): Promise<void>;
}

export interface TopicRef {
  readonly tenantId: string;
  readonly name: string;
}
