import { readFileSync } from "node:fs";

/** Version of this package, from its manifest: the same place from `src` and from `dist`. */
export function version(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  const manifest: unknown = JSON.parse(text);
  const found = (manifest as { readonly version?: unknown }).version;
  return typeof found === "string" ? found : "unknown";
}
