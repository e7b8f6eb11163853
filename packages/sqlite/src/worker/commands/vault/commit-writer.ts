import type { CubeRef, CubeWrite, PutWrite, VaultWrite, VectorWrite } from "@memcube/core";

import type { Context } from "../../context.ts";
import { digestOf } from "../../digest.ts";
import { CUBE_SPAN, HEADER_ID, HEADER_ORDINAL, keyIn } from "../../keys.ts";
import { Refusal } from "../../refusal.ts";
import type { CurrentRow, CurrentRows } from "./commit-checks.ts";
import type { CubeRow } from "./cube-row.ts";
import { readersOf } from "./cube-readers.ts";
import { eraseMemory } from "./erase-memory.ts";
import { insertMemory, type MemoryRow, replaceMemory } from "./memory-row.ts";
import { indexTags } from "./tag-index.ts";

/** Key of the class that nobody is in: the header's own, in every cube. */
const NOBODY = 0;

/** Writes of one commit, after every check has passed. */
export class CommitWriter {
  readonly #context: Context;
  readonly #ref: CubeRef;
  readonly #cube: CubeRow;
  readonly #seq: number;
  readonly #current: CurrentRows;
  readonly #classes = new Map<string, number>();
  #nextOrdinal: number;
  #visibilityChanged = false;

  constructor(
    context: Context,
    of: {
      readonly ref: CubeRef;
      readonly cube: CubeRow;
      readonly seq: number;
      readonly current: CurrentRows;
    },
  ) {
    this.#context = context;
    this.#ref = of.ref;
    this.#cube = of.cube;
    this.#seq = of.seq;
    this.#current = of.current;
    this.#nextOrdinal = of.cube.next_ordinal;
  }

  write(write: VaultWrite): void {
    switch (write.op) {
      case "cube":
        return this.#putHeader(write);
      case "put":
        return this.#put(write);
      case "vector":
        return this.#putVector(write);
      case "erase":
        return this.#erase(write.id);
    }
  }

  /** Moves the cube on to the new commit. */
  finish({ at, head }: { readonly at: number; readonly head: string }): void {
    const { key, visibility } = this.#cube;
    this.#context.db.run(
      "UPDATE cube SET seq = ?, head = ?, at = ?, next_ordinal = ?, visibility = ? WHERE key = ?",
      this.#seq,
      head,
      at,
      this.#nextOrdinal,
      visibility + (this.#visibilityChanged ? 1 : 0),
      key,
    );
  }

  #put(write: PutWrite): void {
    const cube = this.#cube.key;
    const { id, version, content, salt, commitment, index } = write;
    const { kind, type, state, externalKey, sessionId, tags, at, expiresAt } = index;
    const row: MemoryRow = {
      version,
      fromSeq: this.#seq,
      class: this.#classOf(index.visibility),
      kind,
      type,
      state,
      externalKey: externalKey === undefined ? undefined : digestOf(cube, externalKey),
      session: sessionId === undefined ? undefined : digestOf(cube, sessionId),
      tags: tags.length === 0 ? undefined : JSON.stringify(tags),
      at,
      expiresAt,
      salt,
      commitment,
      terms: this.#context.terms.hashed(cube, index.terms),
      content,
    };
    const before = this.#current.get(id);
    const key = before?.key ?? this.#newKey();
    this.#store(id, key, row);
    const now: CurrentRow = {
      key,
      version,
      commitment,
      class: row.class,
      terms: row.terms,
      edges: index.edges.length,
      tags: row.tags,
    };
    this.#indexTerms(before, now);
    indexTags(this.#context.db, { cube, key }, before?.tags, row.tags);
    this.#putEdges(before, key, index.edges);
    this.#current.set(id, now);
  }

  #putHeader({ version, content, salt, commitment }: CubeWrite): void {
    const { db } = this.#context;
    const cube = this.#cube.key;
    this.#store(HEADER_ID, keyIn(cube, HEADER_ORDINAL), {
      version,
      fromSeq: this.#seq,
      class: NOBODY,
      kind: "",
      type: "",
      state: "",
      at: 0,
      salt,
      commitment,
      terms: "",
      content,
    });
    db.run("DELETE FROM cube_reader WHERE cube = ?", cube);
    for (const principal of readersOf(content)) {
      db.run("INSERT INTO cube_reader (cube, principal) VALUES (?, ?)", cube, principal);
    }
    this.#visibilityChanged = true;
  }

  #store(id: string, key: number, row: MemoryRow): void {
    const { db } = this.#context;
    if (this.#current.has(id)) replaceMemory(db, key, row);
    else insertMemory(db, { key, cube: this.#cube.key, id }, row);
  }

  #putVector({ id, model, fingerprint, vector }: VectorWrite): void {
    const row = this.#current.get(id);
    if (row === undefined || id === HEADER_ID) return;
    const bytes = new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);
    this.#context.db.run(
      "INSERT OR REPLACE INTO vector (key, model, fingerprint, bytes) VALUES (?, ?, ?, ?)",
      row.key,
      model,
      fingerprint,
      bytes,
    );
  }

  #erase(id: string): void {
    const row = this.#current.get(id);
    if (row === undefined) return;
    const { tenantId, cubeId } = this.#ref;
    eraseMemory(this.#context, row);
    this.#context.db.run(
      "DELETE FROM usage WHERE tenant = ? AND cube = ? AND id = ?",
      tenantId,
      cubeId,
      id,
    );
    this.#context.erased();
    this.#current.delete(id);
  }

  #indexTerms(before: CurrentRow | undefined, now: CurrentRow): void {
    if (before?.terms === now.terms && before.class === now.class) return;
    if (before !== undefined) this.#context.terms.remove(before);
    this.#context.terms.add(now);
  }

  #putEdges(before: CurrentRow | undefined, key: number, edges: PutWrite["index"]["edges"]): void {
    const { db } = this.#context;
    if (before !== undefined && before.edges > 0) db.run("DELETE FROM edge WHERE source = ?", key);
    for (const [place, { type, to, toVersion = null, weight = null }] of edges.entries()) {
      db.run(
        `INSERT INTO edge (source, place, type, to_cube, to_id, to_version, weight)
         VALUES (?, ?, ?, ?, ?, ?, ?)`,
        key,
        place,
        type,
        to.cubeId,
        to.id,
        toVersion,
        weight,
      );
    }
  }

  #newKey(): number {
    const ordinal = this.#nextOrdinal++;
    if (ordinal < CUBE_SPAN - 1) return keyIn(this.#cube.key, ordinal);
    throw new Refusal(
      "MEMCUBE_LIMIT_EXCEEDED",
      "The cube has had as many memories as it can have.",
    );
  }

  /** Key of a visibility class; a new one changes what callers see of the cube. */
  #classOf(visibility: string): number {
    const known = this.#classes.get(visibility);
    if (known !== undefined) return known;
    const { db } = this.#context;
    const find = "SELECT key FROM class WHERE cube = ? AND visibility = ?";
    let key = db.get<{ key: number }>(find, this.#cube.key, visibility)?.key;
    if (key === undefined) {
      const insert = "INSERT INTO class (cube, visibility) VALUES (?, ?) RETURNING key";
      key = db.get<{ key: number }>(insert, this.#cube.key, visibility)?.key ?? 0;
      this.#visibilityChanged = true;
    }
    this.#classes.set(visibility, key);
    return key;
  }
}
