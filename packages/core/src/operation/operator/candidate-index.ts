import { LIVE_STATES, type CubeRef } from "../../memory/index.ts";
import type { StoredVersion } from "../../ports/index.ts";
import { indexTerms } from "../../text/index.ts";
import { CubeIndex } from "./index/index.ts";
import { readable } from "./loaded-index.ts";
import type { OperatorParts, RetrieveQuery } from "./retrieve-query.ts";
import { toDocument } from "./to-document.ts";

/** Candidates asked of the storage (see ARCHITECTURE: "some 200 permitted ids"). */
const CANDIDATES = 200;

/** A small index over the storage's candidates: the same ranking on fewer rows. */
export async function candidateIndex(
  { vault, embedder }: Pick<OperatorParts, "vault" | "embedder">,
  query: RetrieveQuery,
): Promise<CubeIndex> {
  const { ref, principals, now, filter, vector } = query;
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
    ...(vector === undefined ? {} : { vector }),
  });
  const ids = candidates.map((candidate) => candidate.id);
  const vectors = vector !== undefined;
  return indexOf(ref, await vault.read(ref, { ids, access, now, vectors }), embedder?.model);
}

/**
 * An index over some stored versions, for candidates and for views of the past.
 *
 * @param model whose vectors count, where versions come with them
 */
export function indexOf(
  ref: CubeRef,
  versions: readonly StoredVersion[],
  model?: string,
): CubeIndex {
  const index = new CubeIndex();
  for (const stored of versions) {
    const memory = readable(ref, stored);
    const { vector, visibility } = stored;
    const fits = vector?.model === model && vector?.fingerprint === memory?.header.fingerprint;
    const document = memory && toDocument(memory, visibility, fits ? vector?.values : undefined);
    if (document !== undefined) index.upsert(document);
  }
  return index;
}
