/** A copy without the members that are `undefined`: what is stored and what is read back agree. */
export function defined<T extends object>(value: T): T {
  return Object.fromEntries(
    Object.entries(value).filter(([, member]) => member !== undefined),
  ) as unknown as T;
}
