export * from "./access.ts";
export * from "./caller.ts";
export * from "./change.ts";
export * from "./decision.ts";
export * from "./page.ts";
export * from "./position.ts";
export * from "./task.ts";
