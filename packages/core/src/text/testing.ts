/** For measurements outside the package. */
export { estimateTokens } from "./tokens.ts";
