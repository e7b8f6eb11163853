import type { BlobStore } from "@memcube/core";
import { createHash, createHmac, hash, randomBytes, randomUUID } from "node:crypto";
import { link as hardLink, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { zstdCompress, zstdDecompress } from "node:zlib";
import { z } from "zod";

import type { ClaimPlace } from "./claim-file.ts";
import { fileId, isCode, makeFolder, namesIn, readWhole, writeWhole } from "./files.ts";
import { HashedFiles } from "./hashed-files.ts";
import type { HotPages } from "./hot-pages.ts";
import { decodeLink, encodeLink, isLinkOf, type Link, linkOf, tokensOf } from "./link.ts";
import { decodePage, type KvPage } from "./page.ts";
import type { StateOwner, WantedPage } from "./page-keys.ts";
import type { KvMiss } from "./types.ts";

const compressed = promisify(zstdCompress);
const decompressed = promisify(zstdDecompress);

/** Holds the scope's name; its identity tells whether the scope was dropped meanwhile. */
const NAME_FILE = "scope";
const HASH = /^[0-9a-f]{64}$/;
const SALT_BYTES = 32;
/** Links kept in RAM, some 500 bytes each; the others are read again. */
const KNOWN_LINKS = 65_536;

/** Where the bytes of pages lie: a folder, or a blob store. */
export interface PageBytes {
  read(hash: string): Promise<Uint8Array | undefined>;
  write(hash: string, bytes: Uint8Array): Promise<void>;
  remove(hash: string): Promise<boolean>;
}

export interface ScopePlace {
  readonly directory: string;
  readonly scope: string;
  readonly hot: HotPages;
  /** Instead of files of our own. */
  readonly blobs?: BlobStore | undefined;
  /** Salts are derived from it; without it each scope has a random one beside its pages. */
  readonly secret?: Uint8Array | undefined;
  readonly compress: boolean;
}

export type FoundPage =
  | { readonly page: KvPage; readonly link: Link }
  | { readonly miss: KvMiss | undefined };

export interface FoundLink {
  readonly link: Link;
  readonly wanted: WantedPage;
}

/** Folder of a scope: a digest, so that a name can't be a path. */
export function scopeFolder(directory: string, scope: string): string {
  return join(directory, createHash("sha256").update(scope).digest("hex").slice(0, 32));
}

/** A name that a scope's folder may have. */
export const SCOPE_FOLDER = /^[0-9a-f]{32}$/;

/** Every scope that has a folder here, in no certain order. */
export async function scopesIn(directory: string): Promise<readonly string[]> {
  const scopes: string[] = [];
  for (const name of await namesIn(directory)) {
    const text = await readWhole(join(directory, name, NAME_FILE));
    const scope = text === undefined ? undefined : scopeNamed(text.toString());
    // The folder's name is made of the scope's: another one is not the scope's folder.
    if (scope !== undefined && scopeFolder(directory, scope) === join(directory, name)) {
      scopes.push(scope);
    }
  }
  return scopes;
}

function scopeNamed(text: string): string | undefined {
  try {
    return z.string().parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Links and pages of one scope. Processes share the folder: every file is immutable and whole. */
export class ScopeStore {
  readonly scope: string;
  readonly folder: string;
  readonly salt: Uint8Array;
  /** Where processes say which pages they compute. */
  readonly claimPlace: ClaimPlace;
  readonly #links: HashedFiles;
  readonly pages: PageBytes;
  readonly #hot: HotPages;
  readonly #compress: boolean;
  readonly #generation: string | undefined;
  /** Links that were checked. One that could not be written lives here only. */
  readonly #known = new Map<string, Link>();

  static async open(place: ScopePlace): Promise<ScopeStore> {
    const folder = scopeFolder(place.directory, place.scope);
    await makeFolder(folder);
    const named = join(folder, NAME_FILE);
    if ((await readWhole(named)) === undefined) {
      await writeWhole(named, JSON.stringify(place.scope), join(place.directory, "new"));
    }
    const salt =
      place.secret === undefined
        ? await saltIn(folder)
        : createHmac("sha256", place.secret).update(place.scope).digest();
    return new ScopeStore(place, folder, salt, await fileId(named));
  }

  private constructor(
    place: ScopePlace,
    folder: string,
    salt: Uint8Array,
    generation: string | undefined,
  ) {
    this.#generation = generation;
    const incoming = join(place.directory, "new");
    this.scope = place.scope;
    this.folder = folder;
    this.salt = salt;
    this.claimPlace = { folder, incoming };
    this.#links = new HashedFiles(join(folder, "links"), incoming);
    this.pages =
      place.blobs === undefined
        ? new HashedFiles(join(folder, "pages"), incoming)
        : blobPages(place.blobs, place.scope);
    this.#hot = place.hot;
    this.#compress = place.compress;
  }

  /** The link of a page; `undefined` when none is stored that is sound. */
  async find(wanted: WantedPage): Promise<Link | KvMiss | undefined> {
    const known = this.#known.get(wanted.key);
    if (known !== undefined) return known;
    const text = await this.#links.read(wanted.key);
    if (text === undefined) return undefined;
    const link = decodeLink(text.toString(), this.salt);
    if (link === undefined || !isLinkOf(link, wanted)) {
      await this.#links.remove(wanted.key);
      return "link-damaged";
    }
    this.#remember(link);
    return link;
  }

  /** The verified page of a link. What is damaged is removed, so that it is made anew. */
  async load(wanted: WantedPage, link: Link): Promise<FoundPage> {
    const hot = this.#hot.get(link.page);
    const page = hot ?? (await this.#read(link));
    if (typeof page === "string") {
      await this.forget(link);
      return { miss: page };
    }
    if (page.position !== wanted.position || !sameTokens(page.tokens, wanted.tokens)) {
      await this.forget(link);
      return { miss: "page-damaged" };
    }
    if (hot === undefined) this.#hot.set(link.page, page);
    return { page, link };
  }

  async #read(link: Link): Promise<KvPage | KvMiss> {
    const stored = await this.pages.read(link.page);
    if (stored === undefined) return "page-missing";
    if (hash("sha256", stored, "hex") !== link.page) return "page-damaged";
    const bytes = await decoded(stored, link);
    const page = bytes === undefined ? undefined : decodePage(bytes);
    return page ?? "page-damaged";
  }

  /**
   * Stores a page; the page first, so that no link points to what is not there.
   *
   * @returns `failure` when only this process knows of it, for want of room, or when the scope is gone
   */
  async store(
    wanted: WantedPage,
    page: KvPage,
    about: { readonly owner: StateOwner; readonly costMs: number; readonly now: number },
  ): Promise<{ readonly storedBytes: number; readonly failure?: unknown }> {
    const coding = this.#compress ? "zstd" : "none";
    const bytes = coding === "zstd" ? await compressed(page.bytes) : page.bytes;
    const link = linkOf(wanted, {
      page: hash("sha256", bytes, "hex"),
      coding,
      storedBytes: bytes.length,
      sizeBytes: page.bytes.length,
      costMs: about.costMs,
      createdAt: about.now,
      owner: about.owner,
    });
    this.#hot.set(link.page, page);
    this.#remember(link);
    try {
      await this.pages.write(link.page, bytes);
      await this.#links.write(link.key, encodeLink(link, this.salt));
      // What was dropped meanwhile does not come back by a page that was on its way.
      if (await this.isCurrent()) return { storedBytes: bytes.length };
      await this.forget(link);
      return { storedBytes: 0, failure: new Error("the scope was dropped") };
    } catch (failure) {
      return { storedBytes: 0, failure };
    }
  }

  /** Takes a page away, the link first. Whoever holds the page in RAM has sound bytes. */
  async forget(link: Link): Promise<void> {
    this.#known.delete(link.key);
    this.#hot.delete(link.page);
    await this.#links.remove(link.key);
    await this.pages.remove(link.page);
  }

  /** Every sound link on disk; what is none is removed. */
  async *allLinks(): AsyncGenerator<Link, void, undefined> {
    for await (const key of this.#links.list()) {
      const text = await this.#links.read(key);
      if (text === undefined) continue;
      const link = decodeLink(text.toString(), this.salt);
      if (link?.key === key) yield link;
      else await this.#links.remove(key);
    }
  }

  async links(): Promise<readonly Link[]> {
    const links: Link[] = [];
    for await (const link of this.allLinks()) links.push(link);
    return links;
  }

  /** The pages up to the one of this key, first tokens first; `undefined` when one is not sound. */
  async chain(key: string): Promise<readonly FoundLink[] | undefined> {
    const found: FoundLink[] = [];
    for (let at = key; ;) {
      const text = HASH.test(at) ? await this.#links.read(at) : undefined;
      const link = text === undefined ? undefined : decodeLink(text.toString(), this.salt);
      const last = found[0]?.link.position;
      if (link?.key !== at || (last !== undefined && link.position >= last)) return undefined;
      const wanted = {
        key: at,
        parent: link.parent,
        position: link.position,
        tokens: tokensOf(link),
      };
      found.unshift({ link, wanted });
      if (link.position === 0) return found;
      at = link.parent;
    }
  }

  /** Takes a link away; whether the page goes too is for who knows all links. */
  async unlink(key: string): Promise<void> {
    this.#known.delete(key);
    await this.#links.remove(key);
  }

  /** Reads a page anew from where it lies, and checks all of it. */
  async check(link: Link): Promise<KvMiss | undefined> {
    const page = await this.#read(link);
    if (typeof page === "string") return page;
    const sound = page.position === link.position && sameTokens(page.tokens, tokensOf(link));
    return sound ? undefined : "page-damaged";
  }

  /** Whether the folder is the one that was opened: another process may have dropped the scope. */
  async isCurrent(): Promise<boolean> {
    return (await fileId(join(this.folder, NAME_FILE))) === this.#generation;
  }

  /** Forgets what is in RAM. */
  forgetAll(): void {
    for (const { page } of this.#known.values()) this.#hot.delete(page);
    this.#known.clear();
  }

  /** Removes the scope with all it holds; its salt too, so that its keys can't be found again. */
  async drop(): Promise<void> {
    for await (const link of this.allLinks()) {
      this.#hot.delete(link.page);
      await this.#links.remove(link.key);
      await this.pages.remove(link.page);
    }
    this.forgetAll();
    // Somebody may be writing into it.
    await rm(this.folder, { recursive: true, force: true, maxRetries: 3, retryDelay: 20 });
  }

  #remember(link: Link): void {
    this.#known.set(link.key, link);
    if (this.#known.size <= KNOWN_LINKS) return;
    const [oldest] = this.#known.keys();
    if (oldest !== undefined) this.#known.delete(oldest);
  }
}

async function decoded(stored: Uint8Array, link: Link): Promise<Uint8Array | undefined> {
  if (link.coding === "none") return stored;
  try {
    return await decompressed(stored, { maxOutputLength: link.sizeBytes });
  } catch {
    return undefined;
  }
}

function sameTokens(a: Int32Array, b: Int32Array): boolean {
  return a.length === b.length && a.every((token, at) => token === b[at]);
}

/** The scope's random salt; of several processes that make one, the first wins. */
async function saltIn(folder: string): Promise<Uint8Array> {
  const path = join(folder, "salt");
  const there = await readWhole(path);
  if (there?.length === SALT_BYTES) return there;
  const temporary = join(folder, `salt-${randomUUID()}`);
  try {
    await writeFile(temporary, randomBytes(SALT_BYTES), { mode: 0o600, flag: "wx" });
    // A salt that was damaged opens nothing: its pages are lost, and a new one takes its place.
    if (there !== undefined) await rm(path, { force: true });
    await hardLink(temporary, path);
  } catch (error) {
    if (!isCode(error, "EEXIST")) throw error;
  } finally {
    await rm(temporary, { force: true });
  }
  const salt = await readWhole(path);
  if (salt?.length !== SALT_BYTES) throw new Error(`no salt in ${folder}`);
  return salt;
}

function blobPages(blobs: BlobStore, scope: string): PageBytes {
  return {
    read: async (page) => await blobs.get(scope, page, { unverified: true }),
    write: async (_, bytes) => void (await blobs.put(scope, bytes)),
    remove: async (page) => await blobs.delete(scope, page),
  };
}
