import type { Hit } from "@memcube/core";

/** Why a memory was found, in words. */
export function describeReasons(why: Hit["why"]): string {
  const { lexical, vector, speaker, neighbours, date, cue, answer, outdated } = why;
  const parts = [
    lexical === undefined ? undefined : `words ${lexical.toFixed(2)}`,
    neighbours === undefined ? undefined : `context ${neighbours.toFixed(2)}`,
    vector === undefined ? undefined : `meaning ${vector.toFixed(2)}`,
    date === undefined ? undefined : `date ${date.toFixed(2)}`,
    speaker === true ? "speaker" : undefined,
    answer === true ? "answers the turn before" : undefined,
    cue === true ? "cue" : undefined,
    outdated === true ? "outdated" : undefined,
  ];
  return parts.filter((part) => part !== undefined).join(", ");
}
