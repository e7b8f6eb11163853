import { putMutation } from "../../infrastructure/vault/index.ts";
import { assertNotFrozen, nextState } from "../../operation/lifecycle/index.ts";
import { versionIndexOf } from "../../operation/operator/index.ts";
import type { OpenCube } from "./context.ts";
import { inTurnForAll } from "./in-turn.ts";
import { keyHolders, keyLines, type KeyHolder } from "./key-holders.ts";
import { changeOptionsSchema, idListSchema, parseInput, type ChangeOptions } from "./options.ts";
import { write, type Draft } from "./write.ts";

export type ForgetByKeyOptions = Omit<ChangeOptions, "expectedVersion">;

/**
 * Forgets the memories that have these external keys, in one commit: as `forget` does, but what is not
 * there, or is forgotten already, is no error. Stands in line with writes under the same keys by this
 * process. Returns the ids of those forgotten now.
 *
 * @throws MemCubeError `MEMCUBE_FROZEN`, `MEMCUBE_FORBIDDEN`, `MEMCUBE_INVALID_INPUT`
 */
export async function forgetByKey(
  cube: OpenCube,
  externalKeys: readonly string[],
  rawOptions: ForgetByKeyOptions = {},
): Promise<readonly string[]> {
  if (externalKeys.length === 0) return [];
  parseInput(idListSchema, externalKeys, "externalKeys");
  const { note, signal } = parseInput(changeOptionsSchema, rawOptions, "options");
  const keys = [...new Set(externalKeys)];
  const written = await inTurnForAll(cube.context, keyLines(cube, keys), () =>
    write(cube, {
      action: "memory.forget",
      drafts: async (state) => {
        const holders = await keyHolders(cube, state, keys);
        return [...holders.values()]
          .filter(({ known, gone }) => known && !gone)
          .map((holder) => forgetDraft(cube, holder, note));
      },
      ...(signal === undefined ? {} : { signal }),
    }),
  );
  return (written?.drafts ?? []).flatMap(({ content }) => content?.header.id ?? []);
}

function forgetDraft(
  { context }: OpenCube,
  { memory }: KeyHolder,
  note: string | undefined,
): Draft {
  const { header, payload, edges, version } = memory;
  assertNotFrozen(header);
  const updatedAt = Math.max(Math.floor(context.clock.now()), header.updatedAt);
  const content = {
    header: { ...header, state: nextState(header.state, "forget"), updatedAt },
    payload,
    edges,
    ...(note === undefined ? {} : { note }),
  };
  const mutation = putMutation(context.ids, {
    op: "forget",
    content,
    expectedVersion: version.number,
    index: versionIndexOf(content),
  });
  return { mutation, content };
}
