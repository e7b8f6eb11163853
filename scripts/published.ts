import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** The checkout. */
export const ROOT = dirname(import.meta.dirname);

/** A package of the workspace that is published. */
export interface PublishedPackage {
  readonly name: string;
  /** Absolute. */
  readonly directory: string;
}

/** The packages of `packages/` that are not private, by folder name. */
export function publishedPackages(): PublishedPackage[] {
  const packages = join(ROOT, "packages");
  return readdirSync(packages)
    .toSorted()
    .map((folder) => join(packages, folder))
    .filter((directory) => existsSync(join(directory, "package.json")))
    .map((directory) => ({ directory, manifest: readManifest(directory) }))
    .filter(({ manifest }) => manifest.private !== true)
    .map(({ directory, manifest }) => ({ name: manifest.name, directory }));
}

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
}

function readManifest(directory: string): Manifest {
  return JSON.parse(readFileSync(join(directory, "package.json"), "utf8")) as Manifest;
}
