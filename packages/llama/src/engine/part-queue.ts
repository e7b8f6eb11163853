/**
 * Joins a producer that calls and a consumer that iterates. The producer runs at its own pace; a
 * consumer that leaves early is told to the producer by `onLeave`.
 */
export async function* partsOf<Part>(
  produce: (emit: (part: Part) => void) => Promise<void>,
  onLeave: () => void,
): AsyncGenerator<Part, void, undefined> {
  const parts: Part[] = [];
  let wake = Promise.withResolvers<void>();
  let ended = false;
  const emit = (part: Part): void => {
    parts.push(part);
    wake.resolve();
  };
  const production = produce(emit).finally(() => {
    ended = true;
    wake.resolve();
  });
  // It is awaited below; until then its failure is nobody's fault.
  production.catch(() => undefined);
  try {
    for (;;) {
      yield* parts.splice(0);
      if (parts.length > 0) continue;
      if (ended) break;
      wake = Promise.withResolvers<void>();
      if (parts.length === 0 && !ended) await wake.promise;
    }
    await production;
  } finally {
    if (!ended) onLeave();
  }
}
