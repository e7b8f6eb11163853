import { LIVE_STATES, type CubeRef } from "../../memory/index.ts";
import type { StoredVersion, Vault } from "../../ports/index.ts";
import { indexTerms } from "../../text/index.ts";
import { CubeIndex } from "./index/index.ts";
import { readable } from "./loaded-index.ts";
import type { RetrieveQuery } from "./retrieve-query.ts";
import { toDocument } from "./to-document.ts";

/** Candidates asked of the storage (see ARCHITECTURE: "some 200 permitted ids"). */
const CANDIDATES = 200;

/** A small index over the storage's candidates: the same ranking on fewer rows. */
export async function candidateIndex(vault: Vault, query: RetrieveQuery): Promise<CubeIndex> {
  const { ref, principals, now, filter } = query;
  const access = { principals };
  const candidates = await vault.candidates(ref, {
    terms: indexTerms(query.text),
    filter: {
      kinds: ["plaintext"],
      states: LIVE_STATES,
      ...(filter.types === undefined ? {} : { types: filter.types }),
      ...(filter.tags === undefined ? {} : { tags: filter.tags }),
      ...(filter.sessionId === undefined ? {} : { sessionId: filter.sessionId }),
      ...(filter.from === undefined ? {} : { from: filter.from }),
      ...(filter.to === undefined ? {} : { to: filter.to }),
    },
    access,
    now,
    limit: CANDIDATES,
  });
  const ids = candidates.map((candidate) => candidate.id);
  return indexOf(ref, await vault.read(ref, { ids, access, now }));
}

/** An index over some stored versions, for candidates and for views of the past. */
export function indexOf(ref: CubeRef, versions: readonly StoredVersion[]): CubeIndex {
  const index = new CubeIndex();
  for (const stored of versions) {
    const memory = readable(ref, stored);
    const document = memory && toDocument(memory, stored.visibility);
    if (document !== undefined) index.upsert(document);
  }
  return index;
}
