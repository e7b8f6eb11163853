import type { Measurement } from "../report.ts";
import type { SaverFigures } from "./saver-load.ts";

/** Figures of a checkpointer as measurements; peers print them as JSON. */
export function linesOf(subject: string, figures: SaverFigures): Omit<Measurement, "suite">[] {
  const common = { case: "saver", subject };
  return [
    { ...common, metric: "puts_per_second", value: figures.putsPerSecond, unit: "1/s" },
    { ...common, metric: "put_p50", value: figures.putP50Ms, unit: "ms" },
    { ...common, metric: "cpu_ms_per_put", value: figures.putCpuMs, unit: "ms" },
    { ...common, metric: "getTuple_p50", value: figures.getP50Ms, unit: "ms" },
    { ...common, metric: "cpu_ms_per_getTuple", value: figures.getCpuMs, unit: "ms" },
  ];
}
