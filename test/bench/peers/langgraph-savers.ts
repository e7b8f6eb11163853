/**
 * LangGraph's own checkpointers under the load of ../langgraph/saver-load.ts: SqliteSaver in a file (WAL,
 * at both settings of `synchronous`) and, given the URL of a server with the query engine, RedisSaver.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { uuid6 } from "@langchain/langgraph-checkpoint";
import { SqliteSaver } from "@langchain/langgraph-checkpoint-sqlite";

import { linesOf } from "../langgraph/saver-lines.ts";
import { type LoadedSaver, loadSaver } from "../langgraph/saver-load.ts";

async function measure(subject: string, saver: LoadedSaver): Promise<void> {
  const figures = await loadSaver(saver, uuid6);
  for (const line of linesOf(subject, figures)) console.log(JSON.stringify(line));
}

for (const synchronous of ["FULL", "NORMAL"]) {
  const directory = mkdtempSync(join(tmpdir(), "sqlite-saver-"));
  const saver = SqliteSaver.fromConnString(join(directory, "saver.db"));
  saver.db.pragma("journal_mode = WAL");
  saver.db.pragma(`synchronous = ${synchronous}`);
  await measure(`SqliteSaver, ${synchronous}`, saver);
  saver.db.close();
  rmSync(directory, { recursive: true });
}

const [url] = process.argv.slice(2);
if (url !== undefined) {
  const { RedisSaver } = await import("@langchain/langgraph-checkpoint-redis");
  try {
    const saver = await RedisSaver.fromUrl(url);
    await measure("RedisSaver", saver);
    await saver.end();
  } catch (error) {
    // It needs RediSearch and RedisJSON, which a plain server has not.
    console.error(`RedisSaver was not measured: ${String(error)}`);
    process.exit(0);
  }
}
