/**
 * Compiles `packages/core/assembly` to WebAssembly, with and without relaxed SIMD, and writes both
 * as base64 constants to the generated file of the vector index. Run: `pnpm exec node
 * scripts/build-kernel.ts`.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";

const SOURCE = new URL("../packages/core/assembly/", import.meta.url);
/** The generated file. */
export const KERNEL_FILE = new URL(
  "../packages/core/src/operation/operator/index/vectors/kernel.generated.ts",
  import.meta.url,
);

const COMMON_FLAGS = [
  "--runtime",
  "stub",
  "--noAssert",
  "--importMemory",
  "--optimizeLevel",
  "3",
  "--shrinkLevel",
  "0",
  "--enable",
  "simd",
];
const RELAXED_FLAGS = ["--enable", "relaxed-simd"];

/** The kernel's source files, name to text, in order of name. */
function readSources(): Map<string, string> {
  const names = readdirSync(SOURCE)
    .filter((name) => name.endsWith(".ts"))
    .sort();
  return new Map(names.map((name) => [name, readFileSync(new URL(name, SOURCE), "utf8")]));
}

/**
 * SHA-256 (hex) over the kernel's sources and the compiler's flags; the generated file holds it.
 */
export function hashKernelSource(): string {
  const hash = createHash("sha256").update([...COMMON_FLAGS, ...RELAXED_FLAGS].join(" "));
  for (const [name, text] of readSources()) hash.update(`\0${name}\0${text}`);
  return hash.digest("hex");
}

async function compile(flags: readonly string[]): Promise<string> {
  const { default: asc } = await import("assemblyscript/asc");
  const sources = readSources();
  let binary: Uint8Array | undefined;
  let complaints = "";
  const result = await asc.main(
    ["index.ts", "--outFile", "kernel.wasm", ...COMMON_FLAGS, ...flags],
    {
      readFile: (name) => sources.get(name) ?? null,
      writeFile: (_name, contents) => {
        if (typeof contents !== "string") binary = contents;
      },
      stderr: { write: (text) => void (complaints += String(text)) },
    },
  );
  if (result.error || !binary) throw new Error(`The kernel does not compile:\n${complaints}`);
  return Buffer.from(binary).toString("base64");
}

/** Text of the generated file, compiled from the sources as they are now. */
export async function buildKernel(): Promise<string> {
  const hash = hashKernelSource();
  const [relaxed, plain] = [await compile(RELAXED_FLAGS), await compile([])];
  return `// Made by scripts/build-kernel.ts from packages/core/assembly. Do not edit.

/** SHA-256 of the sources and flags below was made from. */
export const KERNEL_SOURCE_HASH = "${hash}";

/** WebAssembly with relaxed SIMD, base64. */
export const RELAXED_KERNEL_BASE64 =
  "${relaxed}";

/** WebAssembly with plain 128-bit SIMD, base64. */
export const SIMD_KERNEL_BASE64 =
  "${plain}";
`;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  writeFileSync(KERNEL_FILE, await buildKernel());
  process.stdout.write(`${fileURLToPath(KERNEL_FILE)}\n`);
}
