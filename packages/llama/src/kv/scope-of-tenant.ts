/**
 * Whether what is kept in a scope may hold something of a tenant: the scope of its name, those that begin
 * with it and a slash, and the unnamed one, of which nobody knows whose it is.
 */
export function mayHoldTenant(scope: string, tenantId: string): boolean {
  return scope === "" || scope === tenantId || scope.startsWith(`${tenantId}/`);
}
