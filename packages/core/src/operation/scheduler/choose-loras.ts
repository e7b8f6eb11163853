import { z } from "zod";

import type { PlannedLora } from "../../flow/index.ts";
import type { Memory } from "../../memory/index.ts";

/** LoRAs in one prompt: each costs time per token, and their effects add up to what nobody tried. */
const CHOSEN = 4;
/** How sure the operator must be that a description answers the question: a LoRA changes every word. */
const CONFIDENCE = 0.4;

/** When a LoRA is used, as its header's `activation` says; a memory that says it wrongly is never used. */
const activationSchema = z.looseObject({
  /** Whatever is asked. */
  always: z.boolean().default(false),
  /** Tasks it is for, beside its tags. */
  tasks: z.array(z.string()).default([]),
  /** How strongly it acts. */
  scale: z.number().min(-100).max(100).default(1),
});

/** A LoRA memory for the model at hand that the caller may read. */
export interface LoraCandidate {
  readonly memory: Memory;
  /** Place of its cube in the view: 0 is the nearest. */
  readonly distance: number;
  /** How likely its description answers the question, 0..1. */
  readonly relevance: () => number;
}

const WHYS = ["always", "task", "question"] as const satisfies readonly PlannedLora["why"][];

/**
 * Which LoRAs a prompt is answered with (MemOS 2507.03724 section 5.4.2): those always on, those of the
 * task named, or without one those that the question is about. Equal candidates give an equal choice.
 */
export function chooseLoras(
  candidates: readonly LoraCandidate[],
  task: string | undefined,
): readonly PlannedLora[] {
  const chosen = candidates.flatMap((candidate) => {
    const { header, version } = candidate.memory;
    const conditions = activationSchema.safeParse(header.activation ?? {}).data;
    const why = conditions && whyChosen(candidate, conditions, task);
    if (conditions === undefined || why === undefined || conditions.scale === 0) return [];
    const { id: memoryId, cubeId } = header;
    const lora = { memoryId, cubeId, version: version.number, scale: conditions.scale, why };
    return [{ lora, priority: header.priority, distance: candidate.distance }];
  });
  return chosen
    .toSorted(
      (a, b) =>
        WHYS.indexOf(a.lora.why) - WHYS.indexOf(b.lora.why) ||
        b.priority - a.priority ||
        a.distance - b.distance ||
        (a.lora.memoryId < b.lora.memoryId ? -1 : 1),
    )
    .slice(0, CHOSEN)
    .map(({ lora }) => lora);
}

function whyChosen(
  { memory, relevance }: LoraCandidate,
  { always, tasks }: z.output<typeof activationSchema>,
  task: string | undefined,
): PlannedLora["why"] | undefined {
  if (always) return "always";
  if (task === undefined) return relevance() >= CONFIDENCE ? "question" : undefined;
  const named = [...tasks, ...memory.header.tags].map(folded);
  return named.includes(folded(task)) ? "task" : undefined;
}

function folded(name: string): string {
  return name.normalize("NFKC").trim().toLowerCase();
}
