import { tokenize } from "../../../text/index.ts";

/** Finds which speakers a question names: by their first name, or by its first three letters ("Mel" for Melanie). */
export class SpeakerNames {
  readonly #byFirstName = new Map<string, number[]>();
  readonly #byShortName = new Map<string, number[]>();
  #known = 0;

  /** Takes in the speakers that were added since. */
  update(names: readonly (string | null)[]): void {
    for (; this.#known < names.length; this.#known++) {
      const [first = ""] = tokenize(names[this.#known] ?? "");
      if (first === "" || GENERIC.has(first)) continue;
      push(this.#byFirstName, first, this.#known);
      if (first.length > SHORT_NAME + 1)
        push(this.#byShortName, first.slice(0, SHORT_NAME), this.#known);
    }
  }

  /**
   * The numbers of the speakers that a word of the query may stand for; `[]` when it is no name. A short name counts
   * only where the query writes it with a capital, or "car" would be Caroline.
   */
  named(word: string, query: string): readonly number[] {
    const full = this.#byFirstName.get(word);
    if (full !== undefined) return full;
    const short = this.#byShortName.get(word);
    return short !== undefined && query.includes(word[0]?.toUpperCase() + word.slice(1))
      ? short
      : [];
  }
}

/** Labels that say a role, not a person; the role cues deal with them. */
const GENERIC: ReadonlySet<string> = new Set([
  "user",
  "assistant",
  "system",
  "tool",
  "human",
  "ai",
  "bot",
]);
const SHORT_NAME = 3;

function push(map: Map<string, number[]>, key: string, value: number): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
