/** One measured value: what `pnpm bench SUITE --json` prints a line of. */
export interface Measurement {
  readonly suite: string;
  readonly case: string;
  /** What was measured: `memcube`, a peer, or a limit such as `bare-scan`. */
  readonly subject: string;
  readonly metric: string;
  readonly value: number;
  readonly unit: string;
}

export type Report = (measurement: Omit<Measurement, "suite">) => void;

/** Prints measurements as they come: JSON lines, or aligned for people. */
export function reporter(suite: string, json: boolean): Report {
  return (measurement) => {
    const value = Number(measurement.value.toPrecision(4));
    if (json) {
      console.log(JSON.stringify({ suite, ...measurement, value }));
      return;
    }
    const { case: name, subject, metric, unit } = measurement;
    console.log(
      `${name.padEnd(22)} ${subject.padEnd(24)} ${metric.padEnd(34)} ${String(value).padStart(10)} ${unit}`,
    );
  };
}

/** The value below which a share of the values lies; `share` from 0 to 1. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

/** CPU milliseconds (user and system, all threads of the process) that work takes. */
export async function cpuMsOf(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
