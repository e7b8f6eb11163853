import {
  CORPUS_SIZE,
  type CorpusMemory,
  LIMIT,
  makeCorpus,
  makeQueries,
  recallOf,
  USERS,
} from "../corpus.ts";

/** An empty memory of a peer. */
export interface Subject {
  add(memory: CorpusMemory): Promise<unknown>;
  /**
   * The texts of the best `LIMIT` memories of the user, best first; of all memories when no user is
   * given.
   */
  search(query: string, userId: string | undefined): Promise<string[]>;
}

/** The user all memories belong to, or who asks. */
export const USER = "u7";

/** Questions whose results are checked against the exact ones. */
const CHECKED_QUERIES = 20;
const WARM_UP_QUERIES = 3;

/**
 * Loads the corpus into an empty subject, asks `queryCount` questions, and prints the figures as
 * JSON lines; once with all memories belonging to one user, once with `USERS` users.
 */
export async function measureSubject(
  name: string,
  createSubject: () => Promise<Subject>,
  queryCount: number,
): Promise<void> {
  const corpus = makeCorpus(CORPUS_SIZE);
  const ofOneUser = corpus.map((memory) => ({ ...memory, userId: USER }));
  const queries = makeQueries(queryCount);
  const print = (caseName: string, metric: string, value: number, unit: string): void => {
    const rounded = Number(value.toPrecision(4));
    const figure = { suite: "core", case: caseName, subject: name, metric, value: rounded, unit };
    process.stdout.write(`${JSON.stringify(figure)}\n`);
  };

  const all = await createSubject();
  print("add-10k", "cpu_ms_per_add", await cpuMsPerItem(ofOneUser, (it) => all.add(it)), "ms");
  const allFigures = await measureSearch(all, corpus, queries, undefined);
  print("search-10k", "cpu_ms_per_query", allFigures.cpuMs, "ms");
  print("search-10k", `recall_at_${LIMIT}`, allFigures.recall, "ratio");

  const many = await createSubject();
  for (const memory of corpus) await many.add(memory);
  const ownMemories = corpus.filter(({ userId }) => userId === USER);
  const oneFigures = await measureSearch(many, ownMemories, queries, USER);
  const ofMany = `search-10k-one-of-${USERS}-users`;
  print(ofMany, "cpu_ms_per_query", oneFigures.cpuMs, "ms");
  print(ofMany, `recall_at_${LIMIT}`, oneFigures.recall, "ratio");
}

async function measureSearch(
  subject: Subject,
  visible: readonly CorpusMemory[],
  queries: readonly string[],
  userId: string | undefined,
): Promise<{ cpuMs: number; recall: number }> {
  for (const query of queries.slice(0, WARM_UP_QUERIES)) await subject.search(query, userId);
  const cpuMs = await cpuMsPerItem(queries, (query) => subject.search(query, userId));
  const checked = queries.slice(0, CHECKED_QUERIES);
  let recall = 0;
  for (const query of checked) {
    recall += recallOf(visible, query, await subject.search(query, userId));
  }
  return { cpuMs, recall: recall / checked.length };
}

/** Mean CPU milliseconds of this process per item, the calls made one after the other. */
async function cpuMsPerItem<T>(
  items: readonly T[],
  call: (item: T) => Promise<unknown>,
): Promise<number> {
  const before = process.cpuUsage();
  for (const item of items) await call(item);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000 / items.length;
}
