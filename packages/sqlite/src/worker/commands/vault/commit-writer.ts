import type { CubeRef, CubeWrite, PutWrite, VaultWrite, VectorWrite } from "@memcube/core";

import type { Context } from "../../context.ts";
import { CUBE_SPAN, HEADER_ID, HEADER_ORDINAL, keyIn } from "../../keys.ts";
import { Refusal } from "../../refusal.ts";
import type { CurrentRow, CurrentRows } from "./commit-checks.ts";
import type { CubeRow } from "./cube-row.ts";
import { readersOf } from "./cube-readers.ts";
import { eraseMemory } from "./erase-memory.ts";
import { classTerm, termsOf } from "./terms.ts";

/** Key of the class that nobody is in: the header's own. */
const NOBODY = "[[],[]]";

const TO_PAST = `INSERT INTO past (key, cube, id, version, from_seq, to_seq, class, kind, type, state,
    external_key, session, tags, at, expires_at, salt, commitment, content)
  SELECT key, cube, id, version, from_seq, ?, class, kind, type, state,
    external_key, session, tags, at, expires_at, salt, commitment, content
  FROM memory WHERE key = ?`;

const PUT = `INSERT OR REPLACE INTO memory (key, cube, id, version, from_seq, class, kind, type,
    state, external_key, session, tags, at, expires_at, salt, commitment, terms, content)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

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
      ...[this.#seq, head, at, this.#nextOrdinal],
      ...[visibility + (this.#visibilityChanged ? 1 : 0), key],
    );
  }

  #put(write: PutWrite): void {
    const { db } = this.#context;
    const { id, version, content, salt, commitment, index } = write;
    const before = this.#current.get(id);
    const key = before?.key ?? this.#newKey();
    const row = {
      ...{ key, version, class: this.#classOf(index.visibility), edges: index.edges.length },
      terms: termsOf(this.#cube.key, index.terms),
    };
    if (before !== undefined) this.#endVersion(key);
    db.run(
      PUT,
      ...[key, this.#cube.key, id, version, this.#seq, row.class, index.kind, index.type],
      ...[index.state, index.externalKey ?? null, index.sessionId ?? null],
      ...[index.tags.length === 0 ? null : JSON.stringify(index.tags), index.at],
      ...[index.expiresAt ?? null, salt, commitment, row.terms, content],
    );
    this.#indexTerms(before, row);
    this.#putEdges(before, key, index.edges);
    this.#current.set(id, row);
  }

  #putHeader({ version, content, salt, commitment }: CubeWrite): void {
    const { db } = this.#context;
    const key = keyIn(this.#cube.key, HEADER_ORDINAL);
    if (this.#current.has(HEADER_ID)) this.#endVersion(key);
    const nobody = this.#classOf(NOBODY);
    db.run(
      PUT,
      ...[key, this.#cube.key, HEADER_ID, version, this.#seq, nobody, "", "", "", null, null, null],
      ...[0, null, salt, commitment, "", content],
    );
    db.run("DELETE FROM cube_reader WHERE cube = ?", this.#cube.key);
    for (const principal of readersOf(content)) {
      db.run("INSERT INTO cube_reader (cube, principal) VALUES (?, ?)", this.#cube.key, principal);
    }
    this.#visibilityChanged = true;
  }

  #putVector({ id, model, fingerprint, vector }: VectorWrite): void {
    const row = this.#current.get(id);
    if (row === undefined || id === HEADER_ID) return;
    const bytes = new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);
    this.#context.db.run(
      "INSERT OR REPLACE INTO vector (key, model, fingerprint, bytes) VALUES (?, ?, ?, ?)",
      ...[row.key, model, fingerprint, bytes],
    );
  }

  #erase(id: string): void {
    const row = this.#current.get(id);
    if (row === undefined) return;
    const { tenantId, cubeId } = this.#ref;
    eraseMemory(this.#context, { ...row, classTerm: classTerm(row.class) });
    this.#context.db.run(
      "DELETE FROM usage WHERE tenant = ? AND cube = ? AND id = ?",
      ...[tenantId, cubeId, id],
    );
    this.#context.erased();
    this.#current.delete(id);
  }

  #endVersion(key: number): void {
    this.#context.db.run(TO_PAST, this.#seq, key);
  }

  #indexTerms(before: CurrentRow | undefined, now: Omit<CurrentRow, "version">): void {
    if (before?.terms === now.terms && before.class === now.class) return;
    const { db } = this.#context;
    if (before !== undefined && before.terms !== "") {
      db.run(
        "INSERT INTO term_index (term_index, rowid, terms, class) VALUES ('delete', ?, ?, ?)",
        ...[before.key, before.terms, classTerm(before.class)],
      );
    }
    if (now.terms === "") return;
    db.run(
      "INSERT INTO term_index (rowid, terms, class) VALUES (?, ?, ?)",
      ...[now.key, now.terms, classTerm(now.class)],
    );
  }

  #putEdges(before: CurrentRow | undefined, key: number, edges: PutWrite["index"]["edges"]): void {
    const { db } = this.#context;
    if (before !== undefined && before.edges > 0) db.run("DELETE FROM edge WHERE source = ?", key);
    for (const [place, { type, to, toVersion = null, weight = null }] of edges.entries()) {
      db.run(
        `INSERT INTO edge (source, place, type, to_cube, to_id, to_version, weight)
         VALUES (?, ?, ?, ?, ?, ?, ?)`,
        ...[key, place, type, to.cubeId, to.id, toVersion, weight],
      );
    }
  }

  #newKey(): number {
    const ordinal = this.#nextOrdinal++;
    if (ordinal < CUBE_SPAN - 1) return keyIn(this.#cube.key, ordinal);
    throw new Refusal("MEMCUBE_LIMIT_EXCEEDED", "The cube has had as many memories as it can have.");
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
