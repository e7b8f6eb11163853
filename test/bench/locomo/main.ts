/**
 * Prints what the index finds in LoCoMo 1-5, beside SQLite FTS5, and what each weight of the ranking is worth:
 * `node --conditions=@memcube/source test/bench/locomo/main.ts [weight=value ...]`
 */
import { type Category, CATEGORY_NAMES, findLocomo, loadLocomo } from "./dataset.ts";
import { type Evaluation, evaluate } from "./evaluate.ts";
import { fts5Subject, indexSubject } from "./subjects.ts";

const path = findLocomo();
if (path === undefined) {
  console.error("LoCoMo is not there: set MEMCUBE_DATA to the folder that holds locomo/");
  process.exit(2);
}
const conversations = loadLocomo(path);
console.log("R@10 | recall within 512 tokens; CORE is categories 1-4");
print("SQLite FTS5 porter", await evaluate(conversations, fts5Subject));
print("memcube index", await evaluate(conversations, indexSubject()));
for (const change of process.argv.slice(2)) {
  const [weight = "", value] = change.split("=");
  print(change, await evaluate(conversations, indexSubject({ [weight]: Number(value) })));
}

function print(name: string, { core, byCategory, auroc, textsOverBudget }: Evaluation): void {
  const categories = ([1, 2, 3, 4, 5] as const satisfies readonly Category[]).map((category) => {
    const recall = byCategory.get(category)?.recallAt10.toFixed(1);
    return `${CATEGORY_NAMES[category]} ${recall}`;
  });
  console.log(
    `${name.padEnd(20)} CORE ${core.recallAt10.toFixed(2)} | ${core.recallInBudget.toFixed(2)}  ` +
      `AUROC ${auroc.toFixed(3)}  over budget ${textsOverBudget}  (${categories.join(", ")})`,
  );
}
