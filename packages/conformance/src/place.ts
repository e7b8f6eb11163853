import type { Storage } from "@memcube/core";

/** Where a storage keeps its data: a file, a database, the keys of a server under a prefix. */
export interface StoragePlace {
  /**
   * Opens a handle. After it was closed it is opened again and must find what was there; while it is
   * open it is opened again only when the place is {@link shared}.
   */
  open(): Promise<Storage>;
  /** Several handles may be open at a time, as several processes have them. */
  readonly shared: boolean;
  /** Removes the place with everything in it. Its handles are closed by then. */
  destroy(): Promise<void>;
  /** Changes stored bytes of a blob behind the storage's back, where the driver can be got at so. */
  damageBlob?(tenantId: string, hash: string): Promise<void>;
}

/** Makes a place in which nothing was written yet. Called for each rule. */
export type MakePlace = () => Promise<StoragePlace>;
