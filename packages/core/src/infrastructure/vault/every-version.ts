import type { Page } from "../../flow/index.ts";
import { LIMITS } from "../../limits.ts";
import { MEMORY_KINDS, MEMORY_STATES, type CubeRef } from "../../memory/index.ts";
import type { StoredVersion } from "../../ports/index.ts";
import { readSegments, type OnDamaged, type Places } from "./history.ts";

/** A version, with what the storage said of it when it was asked by kind and state. */
export interface ListedVersion {
  readonly stored: StoredVersion;
  readonly listed?: { readonly kind: string; readonly state: string };
}

/**
 * Every version of every memory and of the header. Current versions first, then ended ones, then those
 * in segments: a version only ever moves in that direction, so none is missed while others write; one
 * may come twice.
 */
export async function* everyVersion(
  places: Places,
  ref: CubeRef,
  onDamaged: OnDamaged,
): AsyncGenerator<ListedVersion> {
  const { vault } = places;
  const access = { system: "verify" } as const;
  const limit = LIMITS.pageRows;
  for (const stored of await vault.versions(ref, { id: "@cube", access, limit })) yield { stored };
  for (const kind of MEMORY_KINDS) {
    for (const state of MEMORY_STATES) {
      const filter = { kinds: [kind], states: [state] };
      const rows = pages((cursor) =>
        vault.list(ref, { access, filter, order: "oldest", limit, ...cursor }),
      );
      for await (const stored of rows) yield { stored, listed: { kind, state } };
    }
  }
  // Also those that end while we look: they were not ended when the current ones were listed.
  const toSeq = Number.MAX_SAFE_INTEGER;
  const ended = pages((cursor) =>
    vault.endedVersions(ref, { afterSeq: 0, toSeq, limit, ...cursor }),
  );
  for await (const stored of ended) yield { stored };
  for await (const { versions } of readSegments(places, ref, 0, onDamaged)) {
    for (const stored of versions) yield { stored };
  }
}

async function* pages(
  read: (cursor: { cursor?: string }) => Promise<Page<StoredVersion>>,
): AsyncGenerator<StoredVersion> {
  let cursor: string | undefined;
  do {
    const page = await read(cursor === undefined ? {} : { cursor });
    yield* page.items;
    cursor = page.cursor;
  } while (cursor !== undefined);
}
