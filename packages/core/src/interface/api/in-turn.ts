/** The last work begun for each key, by owner: what comes next waits for it. */
const QUEUES = new WeakMap<object, Map<string, Promise<unknown>>>();

/**
 * Runs work on one thing after the other, in the order asked for: writers of one process that would
 * only take each other's turn away stand in line instead.
 *
 * @param owner whose keys these are; the line goes when it does
 */
export async function inTurn<T>(owner: object, key: string, work: () => Promise<T>): Promise<T> {
  return await inTurnForAll(owner, [key], work);
}

/**
 * The same for work on several things: it waits for all that was begun on any of them. The lines are
 * joined in one step, so no two works wait for each other.
 */
export async function inTurnForAll<T>(
  owner: object,
  keys: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  let queue = QUEUES.get(owner);
  if (queue === undefined) QUEUES.set(owner, (queue = new Map<string, Promise<unknown>>()));
  const lines = queue;
  const before = keys.flatMap((key) => lines.get(key) ?? []);
  const own = before.length === 0 ? work() : Promise.allSettled(before).then(work);
  for (const key of keys) lines.set(key, own);
  try {
    return await own;
  } finally {
    for (const key of keys) if (lines.get(key) === own) lines.delete(key);
  }
}
