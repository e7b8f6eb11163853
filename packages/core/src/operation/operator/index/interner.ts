/** Strings to dense numbers from 0, for values that many rows share: classes, types, speakers, sessions, tags. */
export class Interner {
  readonly #numbers = new Map<string, number>();
  readonly #names: (string | null)[] = [];
  #characters = 0;

  static from(names: readonly (string | null)[]): Interner {
    const interner = new Interner();
    for (const name of names) {
      if (name === null) interner.#names.push(null);
      else interner.add(name);
    }
    return interner;
  }

  /** All names by number; `null` for one that no row has any more. */
  get names(): readonly (string | null)[] {
    return this.#names;
  }

  /** Two bytes a character and what V8 needs for a string and its entry in a map, about 80. */
  get sizeBytes(): number {
    return this.#characters * 2 + this.#names.length * 80;
  }

  /** Forgets the names that are not used, so that erased rows leave none behind. Numbers stay. */
  keep(isUsed: (number: number) => boolean): void {
    for (const [number, name] of this.#names.entries()) {
      if (name === null || isUsed(number)) continue;
      this.#numbers.delete(name);
      this.#names[number] = null;
      this.#characters -= name.length;
    }
  }

  /** The name's number; -1 when it was never added. */
  find(name: string): number {
    return this.#numbers.get(name) ?? -1;
  }

  add(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    const number = this.#names.length;
    this.#names.push(name);
    this.#numbers.set(name, number);
    this.#characters += name.length;
    return number;
  }
}
