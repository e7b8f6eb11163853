import { deadLetters, discard, redrive } from "./dead-letters.ts";
import { enqueueTasks } from "./enqueue.ts";
import { completeTask, extendLease, failTask } from "./finish.ts";
import { leaseTasks } from "./lease.ts";
import { nextDue, queueStats, taskStates } from "./states.ts";

export const QUEUE_READS = {
  "queue.states": taskStates,
  "queue.deadLetters": deadLetters,
  "queue.stats": queueStats,
  "queue.nextDue": nextDue,
};

export const QUEUE_WRITES = {
  "queue.enqueue": enqueueTasks,
  "queue.lease": leaseTasks,
  "queue.extend": extendLease,
  "queue.complete": completeTask,
  "queue.fail": failTask,
  "queue.redrive": redrive,
  "queue.discard": discard,
};
