import { readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** What a case is done with: a copy of a store's directory and one of a foreign model. */
export interface DamagePlace {
  readonly directory: string;
  /** The same prompt, stored by another model of the same shape. */
  readonly foreign: string;
  readonly random: () => number;
}

export interface DamageCase {
  readonly kind: string;
  readonly name: string;
  /** @returns whether the answer must have come without some of what was stored */
  damage(place: DamagePlace): Promise<void>;
}

type Which = "links" | "pages";
const FILES: readonly Which[] = ["links", "pages"];

/** Files of a folder of the store, by name. */
export async function filesOf(directory: string, which: Which | "salt" | "scope") {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter(
      (entry) =>
        entry.isFile() &&
        (which === "salt" || which === "scope"
          ? entry.name === which
          : entry.parentPath.includes(`/${which}/`)),
    )
    .map(({ parentPath, name }) => join(parentPath, name))
    .toSorted();
}

function pick<T>(values: readonly T[], random: () => number): T {
  const value = values[Math.floor(random() * values.length)];
  if (value === undefined) throw new Error("nothing to pick from");
  return value;
}

async function edit(path: string, change: (bytes: Buffer) => Buffer): Promise<void> {
  await writeFile(path, change(await readFile(path)));
}

/** Header, layer table, tokens and rows of a page begin and end at such places; and odd ones. */
function boundaries(size: number, random: () => number): number[] {
  const fixed = [0, 1, 4, 8, 12, 16, 20, 36, 52, 68, 84, 1_108, 1_108 + 32_768, size - 1, size - 4];
  return [...fixed, size >> 1, Math.floor(random() * size)].filter((at) => at >= 0 && at < size);
}

function cut(which: Which): DamageCase {
  return {
    kind: "truncation",
    name: `a file of ${which} cut at a boundary`,
    damage: async ({ directory, random }) => {
      const path = pick(await filesOf(directory, which), random);
      const { length } = await readFile(path);
      await truncate(path, pick(boundaries(length, random), random));
    },
  };
}

function flip(which: Which, bits: number): DamageCase {
  return {
    kind: "bit flip",
    name: `${bits} bits of a file of ${which} flipped`,
    damage: async ({ directory, random }) =>
      await edit(pick(await filesOf(directory, which), random), (bytes) => {
        for (let bit = 0; bit < bits; bit += 1) {
          // Half of them in the head, where structure is.
          const span = random() < 0.5 ? Math.min(1_200, bytes.length) : bytes.length;
          const at = Math.floor(random() * span);
          bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << Math.floor(random() * 8)), at);
        }
        return bytes;
      }),
  };
}

function overwrite(which: Which, what: "zeros" | "noise" | "longer" | "empty"): DamageCase {
  return {
    kind: "overwritten",
    name: `a file of ${which}: ${what}`,
    damage: async ({ directory, random }) =>
      await edit(pick(await filesOf(directory, which), random), (bytes) => {
        if (what === "empty") return Buffer.alloc(0);
        if (what === "longer") return Buffer.concat([bytes, Buffer.alloc(64, 7)]);
        const from = Math.floor(random() * bytes.length);
        const stretch = bytes.subarray(from, from + 4_096);
        for (let at = 0; at < stretch.length; at += 1) {
          stretch.writeUInt8(what === "zeros" ? 0 : Math.floor(random() * 256), at);
        }
        return bytes;
      }),
  };
}

function swap(which: Which): DamageCase {
  return {
    kind: "swapped",
    name: `two files of ${which} swapped`,
    damage: async ({ directory, random }) => {
      const files = await filesOf(directory, which);
      const a = pick(files, random);
      const b = pick(
        files.filter((file) => file !== a),
        random,
      );
      const [one, two] = [await readFile(a), await readFile(b)];
      await writeFile(a, two);
      await writeFile(b, one);
    },
  };
}

function remove(which: Which): DamageCase {
  return {
    kind: "removed",
    name: `a file of ${which} removed`,
    damage: async ({ directory, random }) =>
      await rm(pick(await filesOf(directory, which), random)),
  };
}

/** What another model stored takes the place of a page or link, under the right name. */
function foreign(which: Which | "salt"): DamageCase {
  return {
    kind: "foreign model",
    name: `a file of ${which} of a foreign model`,
    damage: async (place) => {
      const own = await filesOf(place.directory, which);
      const others = await filesOf(place.foreign, which);
      await writeFile(pick(own, place.random), await readFile(pick(others, place.random)));
    },
  };
}

function secret(which: "salt" | "scope"): DamageCase {
  return {
    kind: "bit flip",
    name: `a bit of the ${which} flipped`,
    damage: async ({ directory, random }) =>
      await edit(pick(await filesOf(directory, which), random), (bytes) => {
        const at = Math.floor(random() * bytes.length);
        bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << Math.floor(random() * 8)), at);
        return bytes;
      }),
  };
}

function several(): DamageCase {
  const parts = [flip("links", 1), flip("pages", 3), cut("pages"), remove("links")];
  return {
    kind: "several at once",
    name: "three damages at once",
    damage: async (place) => {
      // A file that one damage removed is not there for the next.
      for (let part = 0; part < 3; part += 1) {
        await pick(parts, place.random)
          .damage(place)
          .catch((error: unknown) => {
            if (!(error instanceof Error)) throw error;
          });
      }
    },
  };
}

/** Every kind of damage to what lies on disk. */
export const DAMAGES: readonly DamageCase[] = [
  ...FILES.flatMap((which) => [
    cut(which),
    cut(which),
    flip(which, 1),
    flip(which, 1),
    flip(which, 20),
    overwrite(which, "zeros"),
    overwrite(which, "noise"),
    overwrite(which, "longer"),
    overwrite(which, "empty"),
    swap(which),
    remove(which),
    foreign(which),
  ]),
  foreign("salt"),
  secret("salt"),
  secret("scope"),
  several(),
];
