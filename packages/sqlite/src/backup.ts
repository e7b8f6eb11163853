import type { ParsedOptions } from "./options.ts";

/** How a backup reports and is stopped. */
export interface BackupOptions {
  /** Called now and then: pages and blobs copied, of how many. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
  readonly signal?: AbortSignal;
}

export async function backupTo(
  _target: string,
  _from: Pick<ParsedOptions, "path" | "blobDirectory">,
  _options: BackupOptions,
): Promise<void> {}
