import { randomUUID } from "node:crypto";
import { link as hardLink, rename, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { z } from "zod";

import { isCode, makeFolder, readWhole, removeFile, writeWhole } from "./files.ts";

/** How often a claim says that its process lives. */
const BEAT_MS = 250;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const noteSchema = z.strictObject({
  /** Of this claim alone; its beat lies under this name. */
  id: z.uuid(),
  host: z.string(),
  pid: z.int().min(1),
  /** Keys of the pages that will be made, first tokens first. */
  keys: z.array(sha256).min(1),
});
type ClaimNote = Readonly<z.infer<typeof noteSchema>>;

const beatSchema = z.strictObject({
  /** How many of the pages are computed. */
  done: z.int().min(0),
  /** Milliseconds that each took; left out while none is computed. */
  pageMs: z.number().min(0).optional(),
  /** Rises as long as the process lives. */
  beat: z.int().min(0),
});
type Beat = Readonly<z.infer<typeof beatSchema>>;

/** Where the claims of a scope lie. */
export interface ClaimPlace {
  readonly folder: string;
  /** Folder on the same file system, for what is being written. */
  readonly incoming: string;
}

/** What a process says about the pages that it computes. */
export interface FoundClaim extends ClaimNote, Beat {
  /** By the file system's clock, in milliseconds since the epoch. */
  readonly writtenAt: number;
}

export function claimsFolder({ folder }: ClaimPlace): string {
  return join(folder, "claims");
}

function pathOf(place: ClaimPlace, name: string): string {
  return join(claimsFolder(place), name);
}

/** The claim of a page; `undefined` when there is none that can be read. */
export async function readClaim(place: ClaimPlace, key: string): Promise<FoundClaim | undefined> {
  const note = parsed(noteSchema, await readWhole(pathOf(place, key)));
  if (note === undefined) return undefined;
  const path = pathOf(place, note.id);
  const beat = parsed(beatSchema, await readWhole(path));
  const written = await stat(path).catch(() => undefined);
  return beat === undefined || written === undefined
    ? undefined
    : { ...note, ...beat, writtenAt: written.mtimeMs };
}

function parsed<T>(schema: z.ZodType<T>, text: Buffer | undefined): T | undefined {
  try {
    return text === undefined ? undefined : schema.parse(JSON.parse(text.toString()));
  } catch {
    // Not one of ours.
    return undefined;
  }
}

/** Takes away what a process that is dead has left; of a claim that can't be read, the page's alone. */
export async function removeDeadClaim(
  place: ClaimPlace,
  key: string,
  dead: FoundClaim | undefined,
): Promise<void> {
  for (const each of dead?.keys ?? [key]) await removeClaim(place, each, dead?.id);
  if (dead !== undefined) await removeFile(pathOf(place, dead.id));
}

/**
 * Takes away the claim of a page, if it is the one named. Several may find it dead at once, and one
 * of them have put its own in its place: what is taken is looked at, and given back when it is another one.
 */
async function removeClaim(place: ClaimPlace, key: string, id: string | undefined): Promise<void> {
  const taken = join(place.incoming, randomUUID());
  try {
    await rename(pathOf(place, key), taken);
    const note = parsed(noteSchema, await readWhole(taken));
    if (note !== undefined && note.id !== id && (await hasBeat(place, note.id))) {
      await hardLink(taken, pathOf(place, key));
    }
  } catch (error) {
    // It is gone, or yet another one is in its place.
    if (!isCode(error, "ENOENT") && !isCode(error, "EEXIST")) throw error;
  } finally {
    await removeFile(taken);
  }
}

async function hasBeat(place: ClaimPlace, id: string): Promise<boolean> {
  return (await readWhole(pathOf(place, id))) !== undefined;
}

/**
 * A claim in files beside the pages: one under the key of each page that a process computes, and one that
 * tells how far it is and, by a beat, that it lives. It saves work and nothing rests on it: a claim that
 * is lost, doubled or can't be written costs a page that is computed twice.
 */
export class ClaimFiles {
  readonly #place: ClaimPlace;
  readonly #note: ClaimNote;
  readonly #timer: NodeJS.Timeout;
  /** Pages whose file is there and ours. */
  readonly #held: Set<string>;
  #beat: Beat = { done: 0, beat: 0 };
  #work: Promise<void> = Promise.resolve();

  private constructor(place: ClaimPlace, note: ClaimNote, held: readonly string[]) {
    this.#place = place;
    this.#note = note;
    this.#held = new Set(held);
    this.#timer = setInterval(() => void this.#then(() => this.#write()), BEAT_MS).unref();
  }

  /**
   * @returns `"taken"` when somebody has the first page
   * @throws when files can't be written
   */
  static async take(place: ClaimPlace, keys: readonly string[]): Promise<ClaimFiles | "taken"> {
    const note = { id: randomUUID(), host: hostname(), pid: process.pid, keys: [...keys] };
    const temporary = join(place.incoming, note.id);
    await makeFolder(claimsFolder(place));
    try {
      await writeWhole(temporary, JSON.stringify(note), place.incoming);
      // Before anybody can find the claim.
      const beat: Beat = { done: 0, beat: 0 };
      await writeWhole(pathOf(place, note.id), JSON.stringify(beat), place.incoming);
      const held = await linked(place, keys, temporary);
      if (held.length > 0) return new ClaimFiles(place, note, held);
      await removeFile(pathOf(place, note.id));
      return "taken";
    } finally {
      await removeFile(temporary);
    }
  }

  /** So many of the pages are computed. */
  computed(done: number, pageMs: number): void {
    this.#beat = { done, pageMs, beat: this.#beat.beat };
  }

  /** So many of the pages are stored. */
  stored(pages: number): void {
    void this.#then(() => this.#remove(this.#note.keys.slice(0, pages)));
  }

  async release(): Promise<void> {
    clearInterval(this.#timer);
    await this.#then(async () => {
      await this.#remove(this.#note.keys);
      await removeFile(pathOf(this.#place, this.#note.id));
    });
  }

  async #write(): Promise<void> {
    this.#beat = { ...this.#beat, beat: this.#beat.beat + 1 };
    const path = pathOf(this.#place, this.#note.id);
    // Gone with its scope, or taken away by who thought us dead: it is not made again.
    if ((await readWhole(path)) === undefined) clearInterval(this.#timer);
    else await writeWhole(path, JSON.stringify(this.#beat), this.#place.incoming);
  }

  async #remove(keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      if (this.#held.delete(key)) await removeClaim(this.#place, key, this.#note.id);
    }
  }

  /** One step after the other. What can't be written is a claim that others take for dead. */
  #then(step: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(step).catch(() => undefined);
    return this.#work;
  }
}

/** Keys under which the note lies now; none when somebody else has the first. */
async function linked(
  place: ClaimPlace,
  keys: readonly string[],
  note: string,
): Promise<readonly string[]> {
  const held: string[] = [];
  for (const key of keys) {
    try {
      await hardLink(note, pathOf(place, key));
      held.push(key);
    } catch (error) {
      if (!isCode(error, "EEXIST")) throw error;
      if (held.length === 0) return [];
    }
  }
  return held;
}
