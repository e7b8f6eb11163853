/** For storages that pack threads themselves (`Threads.packs`): small, to be loaded where the rest is not. */
export { packThreadBytes } from "./interface/api/threads/packed-text.ts";
