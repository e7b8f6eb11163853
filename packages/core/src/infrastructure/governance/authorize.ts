import type { Decision } from "../../flow/index.ts";
import { RULES, type AccessRequest } from "./rules.ts";

/**
 * The one decision point: pure function of who, what and on which object. Deny by default, forbid
 * wins; the decision lists the rules that decided.
 */
export function authorize(request: AccessRequest): Decision {
  const { action } = request;
  const applying = RULES.filter((rule) => rule.applies(request));
  const forbidding = applying.filter((rule) => rule.effect === "forbid");
  if (forbidding.length > 0) return { effect: "forbid", action, rules: codes(forbidding) };
  if (applying.length > 0) return { effect: "permit", action, rules: codes(applying) };
  return { effect: "forbid", action, rules: ["default-deny"] };
}

function codes(rules: readonly { readonly code: string }[]): string[] {
  return rules.map((rule) => rule.code);
}
