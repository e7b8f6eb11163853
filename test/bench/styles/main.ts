/**
 * Prints what the index finds in each style set; `weight=value` changes a weight, `--misses` lists the questions whose
 * evidence is not first: `node --conditions=@memcube/source test/bench/styles/main.ts [weight=value ...] [--misses]`
 */
import type { Ranking } from "../../../packages/core/src/operation/operator/index/testing.ts";
import { buildStyleSets } from "./build.ts";
import { asking, measureStyle, measureTiny, type StyleScores } from "./measure.ts";

// The preferences lie among the chats.
const TASTES: readonly string[] = ["chats", "preferences"];
const PLAIN: readonly string[] = ["facts", "documents"];
const all: StyleScores[] = [];
const args = process.argv.slice(2);
const changes = args.filter((arg) => arg.includes("="));
const ranking: Partial<Ranking> = Object.fromEntries(
  changes.map((change) => {
    const [weight = "", value] = change.split("=");
    return [weight, Number(value)];
  }),
);
const sets = buildStyleSets();
console.log(
  "set          hit@1   MRR  hit@5  R@10 | AUROC, median confidence with and without answer",
);
for (const set of sets) {
  const strangers = sets
    .filter(
      ({ name }) => name !== set.name && !(TASTES.includes(name) && TASTES.includes(set.name)),
    )
    .flatMap(({ questions }) => questions.filter((_, at) => at % 5 === 0));
  const scores = measureStyle(set, strangers, ranking);
  all.push(scores);
  const found = [scores.hitAt1, scores.reciprocalRank, scores.hitAt5, scores.recallAt10];
  const sure = [scores.auroc, scores.confident, scores.doubtful];
  console.log(
    `${set.name.padEnd(12)} ${found.map((value) => value.toFixed(1).padStart(5)).join(" ")} | ` +
      sure.map((value) => value.toFixed(2)).join(" "),
  );
  if (args.includes("--misses")) {
    const ask = asking(set.rows, ranking);
    const answerable = set.questions.filter(({ evidence }) => evidence.length > 0);
    for (const [at, { text, evidence }] of answerable.entries()) {
      if (scores.ranks[at] === 1) continue;
      const [top] = ask(text).hits;
      const said = set.rows.find(({ id }) => id === top?.id)?.text.slice(0, 90);
      console.log(`    ${scores.ranks[at]}  ${text} [${evidence.join(" ")}] <- ${top?.id} ${said}`);
    }
  }
}
const talks = all.filter(({ name }) => !TASTES.includes(name) && !PLAIN.includes(name));
const mean = (value: (scores: StyleScores) => number): string =>
  (talks.reduce((sum, each) => sum + value(each), 0) / talks.length).toFixed(2);
console.log(
  `mean of the talks: hit@1 ${mean((s) => s.hitAt1)} MRR ${mean((s) => s.reciprocalRank)} ` +
    `hit@5 ${mean((s) => s.hitAt5)} R@10 ${mean((s) => s.recallAt10)} AUROC ${mean((s) => s.auroc)}`,
);
const facts = sets.find(({ name }) => name === "facts");
if (facts !== undefined) {
  for (const { size, auroc, confident, least, doubtful } of measureTiny(facts)) {
    const values = [auroc, confident, least, doubtful].map((value) => value.toFixed(2));
    console.log(
      `cube of ${size} facts: AUROC, median, lowest tenth | without answer: ${values.join(" ")}`,
    );
  }
}
