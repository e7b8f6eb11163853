export { authorize } from "./authorize.ts";
export { RULES, type AccessRequest } from "./rules.ts";
