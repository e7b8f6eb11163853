import { canonicalJson, type ActivationPayload, type Memory } from "../../memory/index.ts";

/** States offered for one prompt: one memory under several system messages. */
const OFFERED = 8;

/** What a state must have been made of and for. */
export interface WantedState {
  readonly modelSha256: string;
  readonly engineKey: string;
  /** Memories of the stable block and LoRAs, with the versions that are used. */
  readonly sources: readonly { readonly id: string; readonly version: number }[];
  /** Scales of the LoRA set; which LoRAs they are, the sources say. */
  readonly scales: readonly number[];
}

export type StateMemory = Memory & { readonly payload: ActivationPayload };

/** Those of the activation memories that may stand for a prompt, newest first, at most a few. */
export function chooseStates(
  states: readonly StateMemory[],
  wanted: WantedState,
): readonly StateMemory[] {
  const sources = sourcesKey(wanted.sources);
  const scales = scalesKey(wanted.scales);
  return states
    .filter(
      ({ payload, edges }) =>
        payload.modelSha256 === wanted.modelSha256 &&
        payload.engineKey === wanted.engineKey &&
        scalesKey(payload.lora.map(({ scale }) => scale)) === scales &&
        sourcesKey(madeFrom({ edges })) === sources,
    )
    .slice(0, OFFERED);
}

/** Those made from another version of a memory than the one that is known now. */
export function outdatedStates(
  states: readonly StateMemory[],
  known: readonly Memory[],
): readonly StateMemory[] {
  const versions = new Map(known.map(({ header, version }) => [header.id, version.number]));
  return states.filter((state) =>
    madeFrom(state).some(({ id, version }) => (versions.get(id) ?? version) !== version),
  );
}

/** A key that is equal for equal sources, in whatever order they are. */
export function sourcesKey(sources: WantedState["sources"]): string {
  return canonicalJson(sources.map(({ id, version }) => `${version}:${id}`).toSorted());
}

function madeFrom({ edges }: Pick<Memory, "edges">): WantedState["sources"] {
  return edges.flatMap(({ type, to, toVersion = 0 }) =>
    type === "derived-from" ? [{ id: to.id, version: toVersion }] : [],
  );
}

function scalesKey(scales: readonly number[]): string {
  return canonicalJson(scales.toSorted((a, b) => a - b));
}
