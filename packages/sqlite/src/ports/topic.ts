import type { Topic } from "@memcube/core";

import type { Call } from "../client.ts";
import { readObject } from "../json-text.ts";

/** The topic port. */
export function topicOf(call: Call): Topic {
  return {
    publish: (topic, values, now) => call("topic.publish", { topic, values, now }),
    read: async (topic, query) => {
      const messages = await call("topic.read", { topic, ...query });
      return messages.map((message) => ({ ...message, value: readObject(message.value) }));
    },
    acknowledge: (topic, group, ids) => call("topic.acknowledge", { topic, group, ids }),
  };
}
