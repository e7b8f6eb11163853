export type { BackupOptions } from "./backup.ts";
export type { SqliteStorageOptions } from "./options.ts";
export { type SqliteStorage, sqliteStorage } from "./sqlite-storage.ts";
