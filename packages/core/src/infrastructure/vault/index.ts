export { archiveHistory, scrubHistory } from "./archive.ts";
export { commit, cubeMutation, putMutation, type CommitInput, type Mutation } from "./commit.ts";
export { archivedVersions, readLog, readSegment } from "./history.ts";
export { sealLog } from "./seal.ts";
export { noteOf, toCubeHeader, toMemory } from "./stored.ts";
export { verifyCube } from "./verify.ts";
export type {
  VerifyOptions,
  VerifyProblem,
  VerifyProblemCode,
  VerifyReport,
} from "./verify-report.ts";
