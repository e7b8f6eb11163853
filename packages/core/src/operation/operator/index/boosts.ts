import type { QueryPlan } from "./plan-query.ts";
import type { Ranking } from "./ranking.ts";
import { NONE, ROLES, type RowColumns } from "./row-table.ts";
import type { Scratch } from "./scratch.ts";
import type { VisibleRows } from "./visible-rows.ts";

/** Who a question is about, worked out once per query: decides the factors of speaker and role for every row. */
export class Boosts {
  readonly #named: readonly number[];
  /** Slots that are names, for rows that nobody is said to speak. */
  readonly #nameSlots: readonly number[];
  readonly #width: number;
  /** 1 for the numbers of roles that the question is about. */
  readonly #roles: readonly boolean[];
  readonly #columns: RowColumns;
  readonly #scratch: Scratch;
  readonly #ranking: Ranking;

  constructor(
    plan: QueryPlan,
    view: VisibleRows,
    columns: RowColumns,
    scratch: Scratch,
    ranking: Ranking,
  ) {
    this.#named = namesSomeone(plan, view) ? plan.named : [];
    this.#nameSlots = plan.slots.flatMap(({ name }, slot) => (name ? [slot] : []));
    this.#width = plan.slots.length;
    this.#roles = wantedRoles(plan, view);
    this.#columns = columns;
    this.#scratch = scratch;
    this.#ranking = ranking;
  }

  /** Whether the question sets a speaker apart. */
  get byName(): boolean {
    return this.#named.length > 0;
  }

  /** Whether every row's factor is 1. */
  get flat(): boolean {
    return this.#named.length === 0 && !this.#roles.includes(true);
  }

  /** Whether a row is by, or (where nobody is said to speak) about, whom the question names. */
  isBySpeaker(row: number): boolean {
    if (this.#named.length === 0) return false;
    const speaker = this.#columns.speaker[row] ?? NONE;
    if (speaker !== NONE) return this.#named.includes(speaker);
    for (const slot of this.#nameSlots)
      if ((this.#scratch.counts[row * this.#width + slot] ?? 0) > 0) return true;
    return false;
  }

  /** Whether a row's role is the one that the question is about. */
  hasWantedRole(row: number): boolean {
    return this.#roles[this.#columns.role[row] ?? 0] === true;
  }

  factor(row: number): number {
    const speaker = this.isBySpeaker(row) ? 1 + this.#ranking.speaker : 1;
    return this.hasWantedRole(row) ? speaker * (1 + this.#ranking.role) : speaker;
  }
}

/** Naming a speaker sets someone apart only where somebody else speaks too, or nobody is said to speak. */
function namesSomeone({ named }: QueryPlan, view: VisibleRows): boolean {
  return named.length > 0 && (named.length < view.speakerCount || view.spokenRows < view.rowCount);
}

function wantedRoles({ cues }: QueryPlan, view: VisibleRows): readonly boolean[] {
  const users = view.roleRows[ROLES.indexOf("user")] ?? 0;
  const assistants = view.roleRows[ROLES.indexOf("assistant")] ?? 0;
  const apart = cues.role !== undefined && users > 0 && assistants > 0;
  // A fact or preference without a role is about the user.
  return ROLES.map(
    (role) => apart && (role === cues.role || (role === "" && cues.role === "user")),
  );
}
