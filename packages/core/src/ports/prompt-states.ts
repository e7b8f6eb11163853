/**
 * What an engine keeps of prompts beyond a request, as far as the memory OS needs to know: kept states
 * hold what was in a prompt, so they go when it does.
 */
export interface PromptStates {
  /** Destroys everything kept for a tenant. Called after memories of it were erased; may be called twice. */
  forgetTenant(tenantId: string): Promise<void>;
}
