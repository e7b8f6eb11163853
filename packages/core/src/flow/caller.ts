import { z } from "zod";

import { LIMITS } from "../limits.ts";
import { MemCubeError } from "../errors.ts";
import { idSchema, type Principal } from "../memory/index.ts";

/** Who asks. Left-out fields of {@link CallerInput} take these values: tenant "default", no roles. */
export interface Caller {
  /** Isolation boundary: callers of different tenants never see each other's cubes. */
  readonly tenantId: string;
  readonly userId: string;
  readonly roles: readonly string[];
  /** The agent that acts for the user. */
  readonly agentId?: string;
  /** Why, for rules about purpose and for the log: an identifier, not prose. */
  readonly purpose?: string;
  /** Through which adapter or program, for the log: `cli`, `ai-sdk`, ... */
  readonly via?: string;
}

export const callerSchema = z.strictObject({
  tenantId: idSchema.default("default"),
  userId: idSchema,
  roles: z.array(idSchema).max(LIMITS.callerPrincipals).default([]),
  agentId: idSchema.optional(),
  purpose: idSchema.optional(),
  via: idSchema.optional(),
});

export type CallerInput = z.input<typeof callerSchema>;

/**
 * The principals a caller acts as: `user:`, each `role:`, `agent:` and `everyone`.
 *
 * @throws MemCubeError `MEMCUBE_LIMIT_EXCEEDED` beyond `LIMITS.callerPrincipals`
 */
export function principalsOf(caller: Caller): readonly Principal[] {
  const principals: Principal[] = [`user:${caller.userId}`, "everyone"];
  if (caller.agentId !== undefined) principals.push(`agent:${caller.agentId}`);
  for (const role of caller.roles) principals.push(`role:${role}`);
  if (principals.length > LIMITS.callerPrincipals) {
    throw new MemCubeError(
      "MEMCUBE_LIMIT_EXCEEDED",
      `A caller may carry ${LIMITS.callerPrincipals} principals; this one has ${principals.length}.`,
      { details: { limit: LIMITS.callerPrincipals, actual: principals.length } },
    );
  }
  return principals;
}
