import type { BaseCheckpointSaver, Checkpoint } from "@langchain/langgraph";
import type { RunnableConfig } from "@langchain/core/runnables";
import { isDeltaSnapshot, type CheckpointPendingWrite } from "@langchain/langgraph-checkpoint";

import { all } from "./saver-world.ts";

/** Where a scenario keeps its threads: LangGraph's own saver, or that of memcube. */
export interface Keeping {
  /** A saver on what is kept; another one each time where that is possible. */
  readonly saver: () => BaseCheckpointSaver;
  /** Closes what keeps and opens it again, as a restart of the process does. */
  readonly restart: () => Promise<void>;
}

/** What a scenario works with. */
export interface Stage extends Keeping {
  /** Notes what was observed. */
  readonly note: (what: string, value: unknown) => void;
  /** Notes all that a graph and its saver tell of a thread. */
  readonly look: (what: string, graph: Looked, config?: RunnableConfig) => Promise<void>;
  /** Notes what a run throws. */
  readonly fails: (what: string, run: Promise<unknown>) => Promise<void>;
}

/** A compiled graph, as far as it is looked at. */
export interface Looked {
  readonly getState: (
    config: RunnableConfig,
    options?: { subgraphs?: boolean },
  ) => Promise<unknown>;
  readonly getStateHistory: (config: RunnableConfig) => AsyncIterable<unknown>;
}

/** Does something with graphs on a saver: what it notes must not depend on which saver that is. */
export type Scenario = (stage: Stage) => Promise<void>;

/** The config of the thread that most scenarios use, with more options of a run. */
export function on<Options extends object>(options?: Options, threadId = "t") {
  return { ...(options as Options), configurable: { thread_id: threadId } };
}

/** What a scenario notes, with ids and times named in the order of their appearance. */
export async function play(scenario: Scenario, keeping: Keeping): Promise<readonly string[]> {
  const notes: [string, unknown][] = [];
  const note = (what: string, value: unknown): void => {
    notes.push([what, plain(value)]);
  };
  await scenario({
    ...keeping,
    note,
    look: async (what, graph, config = on()) => {
      note(`${what}: state`, await graph.getState(config, { subgraphs: true }));
      note(`${what}: history`, await all(graph.getStateHistory(config)));
      const { thread_id } = config.configurable ?? {};
      const tuples = await all(keeping.saver().list({ configurable: { thread_id } }));
      note(
        `${what}: tuples`,
        tuples
          .sort((one, other) => (one.checkpoint.id < other.checkpoint.id ? -1 : 1))
          .map(({ pendingWrites, checkpoint, ...tuple }) => ({
            ...tuple,
            checkpoint: { ...checkpoint, channel_values: stored(checkpoint) },
            pendingWrites: byTask(pendingWrites ?? []),
          })),
      );
    },
    fails: async (what, run) => {
      note(
        what,
        await run.then(
          (value) => ({ value }),
          (error: unknown) => ({ error }),
        ),
      );
    },
  });
  const named = namer();
  return notes.map(([what, value]) => `${what}: ${named(JSON.stringify(value, null, 1))}`);
}

/**
 * Values of channels that were written to. MemorySaver keeps the defaults of others, too, and of a delta
 * channel no value where others find the last one that has the channel's version.
 */
function stored({ channel_values, channel_versions }: Checkpoint): Record<string, unknown> {
  const values = Object.entries(channel_values);
  return Object.fromEntries(
    values.filter(
      ([name, value]) => Object.hasOwn(channel_versions, name) && !isDeltaSnapshot(value),
    ),
  );
}

/** What each task wrote: savers give it in the order of coming, or in that of the tasks' ids. */
function byTask(writes: readonly CheckpointPendingWrite[]): unknown[] {
  const tasks = Map.groupBy(writes, ([taskId]) => taskId);
  return sorted(Array.from(tasks.values(), (own) => sorted(own.map(([, ...write]) => write))));
}

/** In an order that does not depend on ids, which differ from run to run. */
function sorted<T>(values: readonly T[]): T[] {
  const key = (value: T): string => JSON.stringify(plain(value)).replaceAll(ID, "id");
  return values
    .map((value) => ({ value, key: key(value) }))
    .sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)))
    .map(({ value }) => value);
}

const ID =
  /\b[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}\b|\b[\da-f]{32}\b|\d{4}-\d\d-\d\dT[\d:.]+Z/gu;

function namer(): (text: string) => string {
  const names = new Map<string, string>();
  return (text) =>
    text.replaceAll(/elapsed: \d+ms/gu, "elapsed").replaceAll(ID, (id) => {
      if (id.endsWith("Z")) return "<time>";
      const name = names.get(id) ?? `<id ${names.size + 1}>`;
      names.set(id, name);
      return name;
    });
}

/** As JSON shows it, with classes, and with values that JSON has not. */
function plain(value: unknown, above: readonly unknown[] = []): unknown {
  if (typeof value === "function") return "<function>";
  if (typeof value === "bigint" || typeof value === "number") return shown(value);
  if (value === undefined) return "<undefined>";
  if (typeof value !== "object" || value === null) return value;
  if (above.includes(value)) return "<circle>";
  const inside = (part: unknown): unknown => plain(part, [...above, value]);
  if (Array.isArray(value)) return value.map(inside);
  if (value instanceof Map) return { "<Map>": [...value].map(inside) };
  if (value instanceof Set) return { "<Set>": [...value].map(inside) };
  if (value instanceof Date) return `<Date ${value.getTime()}>`;
  if (value instanceof RegExp) return `<RegExp ${String(value)}>`;
  if (ArrayBuffer.isView(value)) {
    return `<${value.constructor.name} ${Buffer.from(value.buffer).toString("hex")}>`;
  }
  if (value instanceof Error) return { "<Error>": value.name, message: value.message };
  const { name } = value.constructor ?? { name: "null" };
  // What is not there and what is undefined is the same to a graph.
  const fields = Object.entries(value).filter(
    ([key, field]) =>
      field !== undefined && !key.startsWith("lc_") && !key.startsWith("__pregel_check"),
  );
  const shownFields = Object.fromEntries(
    fields.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, field]) => [key, inside(field)]),
  );
  return name === "Object" || name === "null" ? shownFields : { "<class>": name, ...shownFields };
}

function shown(value: number | bigint): unknown {
  return typeof value === "number" && Number.isFinite(value) && !Object.is(value, -0)
    ? value
    : `<${typeof value} ${Object.is(value, -0) ? "-0" : String(value)}>`;
}
