import { commitBodySchema, type CommitBody } from "../../flow/index.ts";
import {
  commitmentOf,
  memoryContentSchema,
  visibilityKey,
  visibilityOf,
  type CubeRef,
} from "../../memory/index.ts";
import type { StoredVersion } from "../../ports/index.ts";
import { everyVersion, type ListedVersion } from "./every-version.ts";
import { readLog, type OnDamaged, type Places } from "./history.ts";
import type { VerifyProblem } from "./verify-report.ts";

/** What the log says of a version. */
interface Claim {
  readonly commitment: string;
  readonly seq: number;
  found: boolean;
}

/** Compares every stored version with its line in the log. */
export class VersionCheck {
  readonly #places: Places;
  readonly #ref: CubeRef;
  readonly #seq: number;
  readonly #problems: VerifyProblem[];
  /** Versions the log says exist: memory id -> version -> its line. */
  readonly #claims = new Map<string, Map<number, Claim>>();

  /** @param seq the last commit that is looked at; later ones only tell what ended since */
  constructor(places: Places, ref: CubeRef, seq: number, problems: VerifyProblem[]) {
    this.#places = places;
    this.#ref = ref;
    this.#seq = seq;
    this.#problems = problems;
  }

  /** Keeps what a commit says about versions; an erasure takes back all earlier claims on the id. */
  claim(seq: number, body: CommitBody): void {
    for (const line of body.changes) {
      if (line.op === "erase" && line.memoryId !== undefined) this.#claims.delete(line.memoryId);
      if (line.version === undefined || line.commitment === undefined) continue;
      const id = line.memoryId ?? "@cube";
      const versions = this.#claims.get(id) ?? new Map<number, Claim>();
      versions.set(line.version, { commitment: line.commitment, seq, found: false });
      this.#claims.set(id, versions);
    }
  }

  /** After all claims were made. Returns how many versions were there. */
  async run(onDamaged: OnDamaged, signal?: AbortSignal): Promise<number> {
    /** Memory id -> version -> where it ends. */
    const seen = new Map<string, Map<number, number | undefined>>();
    let count = 0;
    for await (const row of everyVersion(this.#places, this.#ref, onDamaged)) {
      signal?.throwIfAborted();
      const { id, version, fromSeq, toSeq } = row.stored;
      const ends = seen.get(id) ?? new Map<number, number | undefined>();
      if (fromSeq > this.#seq || ends.has(version)) continue;
      seen.set(id, ends.set(version, toSeq));
      count++;
      this.#compare(row);
    }
    await this.#follow(onDamaged);
    for (const [id, ends] of seen) this.#checkEnds(id, ends);
    for (const [memoryId, versions] of this.#claims) {
      for (const [version, { seq, found }] of versions) {
        if (found || seq > this.#seq) continue;
        this.#problems.push({ code: "version-missing", seq, memoryId, version });
      }
    }
    return count;
  }

  #compare({ stored, listed }: ListedVersion): void {
    const line = this.#claims.get(stored.id)?.get(stored.version);
    const place = { memoryId: stored.id, version: stored.version };
    if (line === undefined) {
      this.#problems.push({ code: "version-unknown", ...place });
      return;
    }
    line.found = true;
    const actual = commitmentOf(stored.salt, stored.version, stored.content);
    if (actual !== line.commitment || line.seq !== stored.fromSeq) {
      this.#problems.push({ code: "version-altered", seq: line.seq, ...place });
    } else if (stored.id !== "@cube" && !agrees(stored, listed)) {
      this.#problems.push({ code: "index-altered", seq: line.seq, ...place });
    }
  }

  /** What was written while we looked: it ends versions, and an erasure voids the claims on its id. */
  async #follow(onDamaged: OnDamaged): Promise<void> {
    for await (const entry of readLog(this.#places, this.#ref, this.#seq, onDamaged)) {
      const body = commitBodySchema.safeParse(parsed(entry.body));
      if (body.success) this.claim(entry.seq, body.data);
    }
  }

  /** A version ends where the log says that the next one begins; the last one does not end. */
  #checkEnds(id: string, ends: ReadonlyMap<number, number | undefined>): void {
    const claims = [...(this.#claims.get(id) ?? [])].sort(([a], [b]) => a - b);
    for (const [place, [version, { seq }]] of claims.entries()) {
      if (!ends.has(version)) continue;
      const next = claims[place + 1]?.[1].seq;
      const end = ends.get(version);
      // Read as the current one before it was replaced.
      const since = end === undefined && next !== undefined && next > this.#seq;
      if (end === next || since) continue;
      this.#problems.push({ code: "index-altered", seq, memoryId: id, version });
    }
  }
}

/** Whether what is kept beside a version is what its content says. */
function agrees(stored: StoredVersion, listed: ListedVersion["listed"]): boolean {
  const content = memoryContentSchema.safeParse(parsed(stored.content));
  // The log vouches for the bytes: that they can't be read by this version is no tampering.
  if (!content.success) return true;
  const { header } = content.data;
  return (
    stored.visibility === visibilityKey(visibilityOf(header)) &&
    (listed === undefined || (listed.kind === header.kind && listed.state === header.state))
  );
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
