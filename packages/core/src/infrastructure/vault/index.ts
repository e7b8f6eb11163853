export { archiveHistory } from "./archive.ts";
export {
  commit,
  cubeMutation,
  findReceipt,
  putMutation,
  type CommitInput,
  type Mutation,
} from "./commit.ts";
export {
  blobsOfCube,
  blobsOfMemory,
  cubeBlob,
  dropUnusedBlobs,
  mayHaveBlobs,
  ownContent,
  readCubeBlob,
  withoutName,
} from "./cube-blobs.ts";
export { DROP_BLOBS_TASK, dropLater, runDropBlobsTask } from "./drop-blobs.ts";
export { archivedVersion, readCommit, readLog, readSegments, type Places } from "./history.ts";
export { scrubHistory } from "./scrub-history.ts";
export { sealLog, type KnownSeal } from "./seal.ts";
export { noteOf, toCubeHeader, toMemory } from "./stored.ts";
export { verifyCube } from "./verify.ts";
export type {
  VerifyOptions,
  VerifyProblem,
  VerifyProblemCode,
  VerifyReport,
} from "./verify-report.ts";
