import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** The checkout. */
export const ROOT = join(import.meta.dirname, "../..");

export interface Finding {
  readonly file: string;
  readonly line: number;
  /** As oxlint writes it, `plugin(rule)`. */
  readonly rule: string;
  readonly message: string;
}

/** The part of oxlint's JSON report that is read. */
interface Report {
  readonly diagnostics: readonly {
    readonly code?: string;
    readonly message: string;
    readonly filename: string;
    readonly labels: readonly { readonly span: { readonly line: number } }[];
  }[];
}

/**
 * Lints files that are not in the repository with the repository's own configuration: they are
 * written into an empty copy of it, which is removed again.
 *
 * @param files path from the repository root, and text
 * @returns what one run of oxlint finds in all of them, in no order
 */
export function lintPlanted(
  files: ReadonlyMap<string, string>,
  options: { readonly typeAware: boolean },
): Finding[] {
  const tree = realpathSync(mkdtempSync(join(tmpdir(), "memcube-lint-")));
  try {
    for (const path of ["scripts/layers.ts", "scripts/lint-plugin.ts", "tsconfig.base.json"]) {
      cpSync(join(ROOT, path), join(tree, path), { recursive: true });
    }
    symlinkSync(join(ROOT, "node_modules"), join(tree, "node_modules"), "junction");
    const config = readFileSync(join(ROOT, ".oxlintrc.json"), "utf8");
    const on = '"typeAware": true';
    if (!config.includes(on)) throw new Error(`.oxlintrc.json: ${on} is gone`);
    const switched = options.typeAware ? config : config.replace(on, '"typeAware": false');
    writeFileSync(join(tree, ".oxlintrc.json"), switched);
    writeFileSync(join(tree, "tsconfig.json"), '{ "extends": "./tsconfig.base.json" }');
    for (const [path, text] of files) {
      mkdirSync(dirname(join(tree, path)), { recursive: true });
      writeFileSync(join(tree, path), text);
    }
    return runOxlint(tree, new Set([...files.keys()].map((path) => path.split("/", 1)[0] ?? path)));
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}

function runOxlint(tree: string, folders: ReadonlySet<string>): Finding[] {
  const command = join(ROOT, "node_modules/oxlint/bin/oxlint");
  const result = spawnSync(process.execPath, [command, "-f", "json", ...folders], {
    cwd: tree,
    encoding: "utf8",
    maxBuffer: 64 * 2 ** 20,
  });
  if (!result.stdout.startsWith("{")) throw new Error(`oxlint: ${result.stdout}${result.stderr}`);
  const report = JSON.parse(result.stdout) as Report;
  return report.diagnostics.map((found) => ({
    file: found.filename,
    line: found.labels[0]?.span.line ?? 0,
    rule: found.code ?? "",
    message: found.message,
  }));
}
