import { QUEUE_READS, QUEUE_WRITES } from "./queue/index.ts";
import { THREAD_READS, THREAD_WRITES } from "./threads/index.ts";
import { publishMessages, readMessages, acknowledgeMessages } from "./topic.ts";
import { addUsage, getUsage } from "./usage.ts";
import { VAULT_READS, VAULT_WRITES } from "./vault/index.ts";

/** Commands that only read. */
export const READS = {
  ...VAULT_READS,
  ...THREAD_READS,
  ...QUEUE_READS,
  "usage.get": getUsage,
};

/** Commands that write: each is one atomic step. */
export const WRITES = {
  ...VAULT_WRITES,
  ...THREAD_WRITES,
  ...QUEUE_WRITES,
  "topic.publish": publishMessages,
  "topic.read": readMessages,
  "topic.acknowledge": acknowledgeMessages,
  "usage.add": addUsage,
};

type Commands = typeof READS & typeof WRITES;

export type CommandName = keyof Commands;
export type CommandInput<Name extends CommandName> = Parameters<Commands[Name]>[1];
export type CommandValue<Name extends CommandName> = ReturnType<Commands[Name]>;
