// What every checkpointer is put through, also those of other packages in a process of their own: it
// imports nothing of LangGraph.

/** What the load uses of a checkpointer. */
export interface LoadedSaver {
  put(config: object, checkpoint: never, metadata: never, versions: never): Promise<unknown>;
  getTuple(config: never): Promise<unknown>;
}

export interface SaverFigures {
  readonly putsPerSecond: number;
  readonly putCpuMs: number;
  readonly putP50Ms: number;
  readonly getP50Ms: number;
  readonly getCpuMs: number;
}

const THREADS = 60;
const STEPS = 20;

const WORDS = (
  "the river stone was green and seven people walked over a bridge talking about weather trains " +
  "coffee markets and a ship in the harbour that was late because of fog near the north coast"
).split(" ");

/** Text of so many words, the same for the same seed. */
export function textOf(words: number, seed: number): string {
  let state = seed * 2_654_435_761 + 1;
  return Array.from({ length: words }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return WORDS[state % WORDS.length];
  }).join(" ");
}

/** Conversations that grow by a message each step, to some 4 KB: the thread's newest is then read. */
export async function loadSaver(
  saver: LoadedSaver,
  makeId: (step: number) => string,
): Promise<SaverFigures> {
  await run(saver, makeId, "warm", 5);
  return await run(saver, makeId, "load", THREADS);
}

async function run(
  saver: LoadedSaver,
  makeId: (step: number) => string,
  name: string,
  threads: number,
): Promise<SaverFigures> {
  const puts: number[] = [];
  const gets: number[] = [];
  const putCpu = process.cpuUsage();
  for (let thread = 0; thread < threads; thread += 1) {
    const messages: object[] = [];
    let config: object = { configurable: { thread_id: `${name}-${thread}`, checkpoint_ns: "" } };
    for (let step = 0; step < STEPS; step += 1) {
      messages.push({
        role: "user",
        id: `${thread}-${step}`,
        text: textOf(30, thread * 100 + step),
      });
      const checkpoint = checkpointOf(makeId(step), step, [...messages]);
      const metadata = { source: "loop", step, parents: {} };
      const before = performance.now();
      const next = saver.put(
        config,
        checkpoint as never,
        metadata as never,
        VERSIONS(step) as never,
      );
      config = (await next) as object;
      puts.push(performance.now() - before);
    }
  }
  const putCpuMs = milliseconds(process.cpuUsage(putCpu)) / puts.length;
  const getCpu = process.cpuUsage();
  for (let round = 0; round < 1_000; round += 1) {
    const thread_id = `${name}-${(round * 7) % threads}`;
    const before = performance.now();
    await saver.getTuple({ configurable: { thread_id, checkpoint_ns: "" } } as never);
    gets.push(performance.now() - before);
  }
  return {
    putsPerSecond: 1_000 / mean(puts),
    putCpuMs,
    putP50Ms: median(puts),
    getP50Ms: median(gets),
    getCpuMs: milliseconds(process.cpuUsage(getCpu)) / gets.length,
  };
}

const VERSIONS = (step: number) => ({ messages: step + 1 });

export function checkpointOf(id: string, step: number, messages: readonly object[]) {
  return {
    v: 4,
    id,
    ts: "2026-11-20T12:00:00.000Z",
    channel_values: { messages },
    channel_versions: VERSIONS(step),
    versions_seen: { __input__: {}, model: { messages: step } },
  };
}

function milliseconds({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1_000;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
