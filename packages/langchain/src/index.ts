export { ChatMemCube } from "./chat-mem-cube.ts";
export type { ChatMemCubeCallOptions, ChatMemCubeInput } from "./chat-mem-cube-options.ts";
