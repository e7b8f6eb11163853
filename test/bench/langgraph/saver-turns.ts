import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

import { uuid6 } from "@langchain/langgraph-checkpoint";
import { MemCubeSaver } from "@memcube/langgraph";

import { openAt, withDirectory } from "../core/place.ts";
import type { Report } from "../report.ts";
import { linesOf } from "./saver-lines.ts";
import { type LoadedSaver, loadSaver, type SaverFigures } from "./saver-load.ts";

const PEERS = join(import.meta.dirname, "../peers/");

/** Each is measured so often, one after the other: what else the machine does falls on both. */
const ROUNDS = 5;

interface SqliteSaver extends LoadedSaver {
  readonly db: { pragma(text: string): unknown; close(): unknown };
}

/** SqliteSaver, where test/bench/peers was installed (see its README). */
export function sqliteSaverAt(path: string, synchronous: string): SqliteSaver | undefined {
  const name = "@langchain/langgraph-checkpoint-sqlite";
  if (!existsSync(join(PEERS, "node_modules", name))) return undefined;
  const { SqliteSaver } = createRequire(PEERS)(name) as {
    readonly SqliteSaver: { fromConnString(path: string): SqliteSaver };
  };
  const saver = SqliteSaver.fromConnString(path);
  saver.db.pragma("journal_mode = WAL");
  saver.db.pragma(`synchronous = ${synchronous}`);
  return saver;
}

/** The embedded storage and SqliteSaver by turns in one process, at the same `synchronous`. */
export async function benchSaverTurns(report: Report): Promise<void> {
  for (const synchronous of ["NORMAL", "FULL"] as const) {
    const figures = new Map<string, SaverFigures[]>();
    const note = (subject: string, measured: SaverFigures): void => {
      figures.set(subject, [...(figures.get(subject) ?? []), measured]);
    };
    for (let round = 0; round < ROUNDS; round += 1) {
      await withDirectory(async (directory) => {
        const durability = synchronous === "FULL" ? "power" : "process";
        const os = await openAt(join(directory, "memory.db"), { durability });
        const saver = new MemCubeSaver({ os }) as LoadedSaver;
        note(`memcube sqlite, ${synchronous}`, await loadSaver(saver, uuid6));
        await os.close();
        const peer = sqliteSaverAt(join(directory, "peer.db"), synchronous);
        if (peer === undefined) return;
        note(`SqliteSaver, ${synchronous}`, await loadSaver(peer, uuid6));
        peer.db.close();
      });
    }
    for (const [subject, all] of figures) {
      for (const line of linesOf(subject, middleOf(all))) report({ ...line, case: "saver-turns" });
    }
  }
}

/** The median of each figure. */
function middleOf(all: readonly SaverFigures[]): SaverFigures {
  const middle = (field: keyof SaverFigures): number =>
    all.map((figures) => figures[field]).toSorted((a, b) => a - b)[all.length >> 1] ?? Number.NaN;
  return {
    putsPerSecond: middle("putsPerSecond"),
    putCpuMs: middle("putCpuMs"),
    putP50Ms: middle("putP50Ms"),
    getP50Ms: middle("getP50Ms"),
    getCpuMs: middle("getCpuMs"),
  };
}
