/** The last work begun for each key, by owner: what comes next waits for it. */
const QUEUES = new WeakMap<object, Map<string, Promise<unknown>>>();

/**
 * Runs work on one thing after the other, in the order asked for: writers of one process that would
 * only take each other's turn away stand in line instead.
 *
 * @param owner whose keys these are; the line goes when it does
 */
export async function inTurn<T>(owner: object, key: string, work: () => Promise<T>): Promise<T> {
  let queue = QUEUES.get(owner);
  if (queue === undefined) QUEUES.set(owner, (queue = new Map<string, Promise<unknown>>()));
  const before = queue.get(key);
  const own = before === undefined ? work() : before.then(work, work);
  queue.set(key, own);
  try {
    return await own;
  } finally {
    if (queue.get(key) === own) queue.delete(key);
  }
}
