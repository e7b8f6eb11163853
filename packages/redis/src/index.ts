export { type AclOptions, aclRules } from "./acl-rules.ts";
export { directoryBlobs, type DirectoryBlobsOptions } from "./blobs/directory-blobs.ts";
export type { NativeClient } from "./connection/native-client.ts";
export { inspectRedis, type RedisCheck } from "./inspect-redis.ts";
export type { RedisStorageOptions } from "./options.ts";
export { redisStorage } from "./redis-storage.ts";
