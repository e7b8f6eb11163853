/**
 * Checks types and runs the unit tests of an adapter with the oldest versions of its framework that its
 * peer range allows. The workspace itself has the newest. `node scripts/lowest-peers.ts [package...]`
 */
import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "./published.ts";

interface Oldest {
  /** Exact versions: where the peer ranges begin. */
  readonly peers: Readonly<Record<string, string>>;
  /** What was current with them: their own ranges would take newer ones that don't go with them. */
  readonly besides: Readonly<Record<string, string>>;
}

const OLDEST: Readonly<Record<string, Oldest>> = {
  langchain: {
    peers: { "@langchain/core": "1.1.0", langchain: "1.1.0" },
    besides: { "@langchain/langgraph": "1.0.2", "@langchain/langgraph-checkpoint": "1.0.0" },
  },
  langgraph: {
    peers: { "@langchain/core": "1.1.48", "@langchain/langgraph-checkpoint": "1.1.0" },
    besides: { "@langchain/langgraph": "1.4.0" },
  },
};

const asked = process.argv.slice(2);
for (const [name, oldest] of Object.entries(OLDEST)) {
  if (asked.length === 0 || asked.includes(name)) check(name, oldest);
}

function check(name: string, { peers, besides }: Oldest): void {
  const source = join(ROOT, "packages", name);
  const manifest = JSON.parse(readFileSync(join(source, "package.json"), "utf8")) as {
    readonly peerDependencies: Readonly<Record<string, string>>;
  };
  for (const [peer, range] of Object.entries(manifest.peerDependencies)) {
    if (range !== `^${peers[peer]}`)
      throw new Error(`${name}: ${peer} ${range} is not in the table`);
  }
  const folder = mkdtempSync(join(tmpdir(), `memcube-${name}-`));
  try {
    install(folder, peers, besides);
    cpSync(join(source, "src"), join(folder, "src"), { recursive: true });
    run("types", folder, "typescript/bin/tsc", "-p", folder);
    run("tests", folder, "vitest/vitest.mjs", "run");
    console.log(`ok ${name} with ${JSON.stringify(peers)}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A workspace of the old versions, with core, zod, the compiler and the test runner of this one. */
function install(folder: string, peers: Oldest["peers"], besides: Oldest["besides"]): void {
  const write = (file: string, value: unknown) =>
    writeFileSync(join(folder, file), JSON.stringify(value));
  const dependencies = { ...peers, ...besides };
  write("package.json", { private: true, type: "module", dependencies });
  write("pnpm-workspace.yaml", { strictDepBuilds: false, overrides: besides });
  write("tsconfig.json", {
    extends: join(ROOT, "tsconfig.base.json"),
    compilerOptions: {
      noEmit: true,
      composite: false,
      incremental: false,
      typeRoots: [join(ROOT, "node_modules/@types")],
    },
    include: ["src"],
    exclude: ["src/**/*.test.ts", "src/**/*testing.ts"],
  });
  const conditions = ["@memcube/source"];
  const config = { resolve: { conditions }, ssr: { resolve: { conditions } } };
  writeFileSync(join(folder, "vitest.config.mjs"), `export default ${JSON.stringify(config)};`);
  const { status } = spawnSync("npx", ["--yes", "pnpm@12", "install"], {
    cwd: folder,
    stdio: "inherit",
  });
  if (status !== 0) throw new Error("the old versions could not be installed");
  const modules = join(folder, "node_modules");
  mkdirSync(join(modules, "@memcube"), { recursive: true });
  const link = (target: string, ...path: string[]) =>
    symlinkSync(join(ROOT, target), join(modules, ...path), "junction");
  link("packages/core", "@memcube", "core");
  link("packages/core/node_modules/zod", "zod");
  link("node_modules/vitest", "vitest");
}

/** @throws when the program ends with anything but 0 */
function run(what: string, cwd: string, script: string, ...args: readonly string[]): void {
  const program = join(ROOT, "node_modules", script);
  const { status } = spawnSync(process.execPath, [program, ...args], { cwd, stdio: "inherit" });
  if (status !== 0) throw new Error(`${what} fail in ${cwd}`);
}
