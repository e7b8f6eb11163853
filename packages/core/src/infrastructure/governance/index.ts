export { authorize } from "./authorize.ts";
export type { AccessRequest } from "./rules.ts";
