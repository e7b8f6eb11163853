export { archiveHistory, scrubHistory } from "./archive.ts";
export { commit, cubeMutation, putMutation, type CommitInput, type Mutation } from "./commit.ts";
export { archivedVersions, readLog, readSegment } from "./history.ts";
export { sealLog } from "./seal.ts";
export { noteOf, toCubeHeader, toMemory } from "./stored.ts";
export {
  verifyCube,
  type VerifyOptions,
  type VerifyProblem,
  type VerifyProblemCode,
  type VerifyReport,
} from "./verify.ts";
