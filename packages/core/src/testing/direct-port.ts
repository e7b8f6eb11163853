import { MemCubeError } from "../errors.ts";

/** A port whose methods answer at once: how the memory storage writes them. */
export type DirectPort<Port> = {
  readonly [Name in keyof Port]: Port[Name] extends (...given: infer Given) => Promise<infer Answer>
    ? (...given: Given) => Answer
    : Port[Name];
};

/**
 * Makes a port of a direct one. Arguments and answers are copied, as if they went over a wire, so no
 * caller holds a piece of the stored state; each call is one step that nothing comes between.
 *
 * @throws MemCubeError `MEMCUBE_CLOSED` from every method once `isOpen` says no
 */
export function portOf<Port extends object>(direct: DirectPort<Port>, isOpen: () => boolean): Port {
  const port: Record<string, unknown> = {};
  for (const [name, member] of Object.entries<unknown>(direct)) {
    port[name] = typeof member === "function" ? copying(member as Method, isOpen) : member;
  }
  return port as Port;
}

type Method = (...given: unknown[]) => unknown;

function copying(method: Method, isOpen: () => boolean) {
  return async (...given: unknown[]): Promise<unknown> => {
    if (!isOpen()) throw new MemCubeError("MEMCUBE_CLOSED", "The storage is closed.");
    return structuredClone(method(...structuredClone(given)));
  };
}
