import { z } from "zod";

import { LIMITS } from "../limits.ts";
import { FORBIDDEN_IN_IDS } from "./ref.ts";

/**
 * Who may be allowed or denied: `user:<id>`, `role:<name>`, `agent:<id>` or `everyone`
 * (every caller of the tenant). Principals never cross tenants.
 */
export type Principal = `user:${string}` | `role:${string}` | `agent:${string}` | "everyone";

export const principalSchema = z
  .string()
  .max(LIMITS.idChars + 8)
  .regex(
    new RegExp(`^(?:everyone|(?:user|role|agent):[^${FORBIDDEN_IN_IDS}]+)$`, "u"),
    "expected user:<id>, role:<name>, agent:<id> or everyone",
  )
  .refine((principal) => principal.isWellFormed(), "must be well-formed Unicode") as z.ZodType<
  Principal,
  Principal
>;

export const principalListSchema = z.array(principalSchema).max(LIMITS.listedPrincipals);
