import { createHash } from "node:crypto";
import { join } from "node:path";

const HASH = /^[0-9a-f]{64}$/;

/** Where blobs lie: `<directory>/<tenant>/<aa>/<hash>`; what is being written, in `<directory>/new`. */
export class BlobPaths {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  /** The tenant's folder: a digest, so that an id can't name a path. */
  tenant(tenantId: string): string {
    return join(this.root, createHash("sha256").update(tenantId).digest("hex").slice(0, 32));
  }

  /** The file of a blob; `undefined` for what is no hash and so names nothing. */
  blob(tenantId: string, hash: string): string | undefined {
    return HASH.test(hash) ? join(this.tenant(tenantId), hash.slice(0, 2), hash) : undefined;
  }

  get incoming(): string {
    return join(this.root, "new");
  }
}

export function isBlobName(name: string): boolean {
  return HASH.test(name);
}
