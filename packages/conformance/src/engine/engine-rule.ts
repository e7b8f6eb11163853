import type { Engine } from "@memcube/core";

/** What a rule works with. */
export interface EngineRuleContext {
  /** Open, and used by other rules before. */
  readonly engine: Engine;
  /** A new one over the same model, for a rule to close. */
  another(): Promise<Engine>;
}

/** One thing every engine must do. */
export interface EngineRule {
  readonly topic: string;
  /** A sentence that is true of an engine that keeps the rule. */
  readonly name: string;
  /** A capability without which there is nothing to check. */
  readonly needs?: "generate";
  /** Rejects when the engine breaks the rule. */
  run(context: EngineRuleContext): Promise<void>;
}

/** Opens an engine. Called once for a suite, and for each rule that needs one of its own. */
export type MakeEngine = () => Promise<Engine>;

/** Rules of one topic, written as sentence and check. */
export function engineRulesOf(
  topic: string,
  checks: Readonly<Record<string, EngineRule["run"]>>,
): readonly EngineRule[] {
  return Object.entries(checks).map(([name, run]) => ({ topic, name, run }));
}
