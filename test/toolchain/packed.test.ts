/**
 * What a user gets: every published package is packed, installed with npm into an empty project outside
 * the workspace, imported by plain node with no condition, used for real, and type-checked.
 */
import { accessSync, constants, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { publishedPackages, ROOT } from "../../scripts/published.ts";
import {
  installed,
  installPacked,
  type Manifest,
  mustRun,
  nodes,
  type PackedPackage,
  packWorkspace,
  readManifest,
  run,
} from "./packed-workspace.ts";

/** The oldest node that the packages say they run on. */
const OLDEST_NODE = readManifest(join(ROOT, "packages/core")).engines?.node;

const IMPORTS = `
import * as core from "@memcube/core";
import * as memcube from "memcube";
import * as sqlite from "@memcube/sqlite";

for (const [name, found] of Object.entries({ core, memcube, sqlite })) {
  console.log(name, Object.keys(found).join(" "));
}
`;

const QUESTION = `
const { hits, text } = await cube.search("Where did I fly in May?");
console.log("found", hits.length, hits[0]?.memory.header.id, text);
await os.close();
`;
/** Plain JavaScript that type-checks as TypeScript too. */
const ADD = `
import { open } from "memcube";

const os = await open({ path: "memory.db" });
const cube = await os.as({ userId: "ada" }).createCube("trips");
await cube.add([{ role: "user", content: "In May I flew from Turin to Lisbon." }]);
${QUESTION}`;
const REOPEN = `
import { open } from "memcube";

const os = await open({ path: "memory.db" });
const cube = await os.as({ userId: "ada" }).cube("trips");
${QUESTION}`;

describe("the published packages", () => {
  let directory = "";
  let project = "";
  let packed: PackedPackage[] = [];
  const manifests = new Map<string, Manifest>();

  beforeAll(() => {
    ({ directory, packed } = packWorkspace());
    project = installPacked(directory, packed);
    for (const { name } of packed) manifests.set(name, readManifest(installed(project, name)));
  }, 120_000);
  afterAll(() => {
    if (directory !== "") rmSync(directory, { recursive: true, force: true });
  });

  it("are all packed", () => {
    const wanted = publishedPackages().map(({ name }) => name);
    expect(packed.map(({ name }) => name).toSorted()).toEqual(wanted.toSorted());
  });

  it("name one version, licence and oldest node", () => {
    for (const [name, manifest] of manifests) {
      const { version, license, type, engines } = manifest;
      expect({ name, version, license, type, engines }).toEqual({
        name,
        version: readManifest(join(ROOT, "packages/core")).version,
        license: "Apache-2.0",
        type: "module",
        engines: { node: OLDEST_NODE },
      });
    }
  });

  it("depend on versions, not on the workspace", () => {
    for (const [name, { dependencies, peerDependencies }] of manifests) {
      const ranges = Object.values({ ...dependencies, ...peerDependencies });
      expect(
        ranges.filter((range) => range.includes(":")),
        name,
      ).toEqual([]);
    }
  });

  it("hold what was built and its source, and no test", () => {
    for (const { name, files, source } of packed) {
      expect(
        files.filter((file) => /\.test\.|[./]testing\.|tsbuildinfo/.test(file)),
        name,
      ).toEqual([]);
      expect(files, name).toContain("LICENSE");
      for (const output of files.filter((file) => /^dist\/.*\.js$/.test(file))) {
        const stem = output.replace(/^dist\/(.*)\.js$/, "$1");
        expect(files, name).toContain(`dist/${stem}.d.ts`);
        expect(existsSync(join(source, `src/${stem}.ts`)), `${name}: ${output}`).toBe(true);
        expect(files, name).toContain(`src/${stem}.ts`);
      }
    }
  });

  it("hold every file that an export or a command names", () => {
    for (const { name, files } of packed) {
      const { exports = {}, bin = {} } = manifests.get(name)!;
      expect(Object.keys(exports), name).toContain(".");
      for (const [subpath, target] of Object.entries(exports)) {
        const conditions = typeof target === "string" ? { default: target } : target;
        for (const file of Object.values(conditions)) {
          expect(files, `${name} ${subpath}`).toContain(file.replace("./", ""));
        }
        const order = Object.keys(conditions).filter((key) => key !== "@memcube/source");
        expect(["types,default", "default"]).toContain(order.join(","));
      }
      for (const file of Object.values(bin)) {
        expect(files, name).toContain(file.replace("./", ""));
        const command = join(installed(project, name), file);
        expect(readFileSync(command, "utf8")).toMatch(/^#!\/usr\/bin\/env node\r?\n/);
        accessSync(command, constants.X_OK);
      }
    }
  });

  it("pass publint as packed", () => {
    const script = join(ROOT, "scripts/check-packages.ts");
    const tarballs = packed.map(({ tarball }) => tarball);
    const outcome = run(process.execPath, [script, ...tarballs], ROOT);
    expect(outcome).toMatchObject({ status: 0, said: "" });
  });

  describe.each(nodes())("on %s", (node) => {
    it("are imported as they are", () => {
      writeFileSync(join(project, "imports.js"), IMPORTS);
      const said = mustRun(node, ["imports.js"], project);
      expect(said).toMatch(/^core \w+/m);
      expect(said).toMatch(/^memcube \w+/m);
      expect(said).toMatch(/^sqlite \w+/m);
    });

    it("remember in a file", () => {
      rmSync(join(project, "memory.db"), { force: true });
      writeFileSync(join(project, "add.js"), ADD);
      writeFileSync(join(project, "reopen.js"), REOPEN);
      const found = /^found [1-9].*Lisbon/ms;
      expect(mustRun(node, ["add.js"], project)).toMatch(found);
      expect(mustRun(node, ["reopen.js"], project)).toMatch(found);
    });

    it("bring a command that explains itself", () => {
      const command = join(installed(project, "memcube"), "dist/cli.js");
      const { status, said } = run(node, [command, "--help"], project);
      expect({ status, said }).toMatchObject({ status: 0 });
      expect(said).toMatch(/^usage: memcube/im);
    });
  });

  it.each(["bundler", "nodenext"])("type-check with moduleResolution %s", (moduleResolution) => {
    writeFileSync(join(project, "consumer.ts"), IMPORTS);
    writeFileSync(join(project, "add.ts"), ADD);
    writeFileSync(join(project, "reopen.ts"), REOPEN);
    const compilerOptions = {
      strict: true,
      noEmit: true,
      target: "es2023",
      module: moduleResolution === "bundler" ? "esnext" : "nodenext",
      moduleResolution,
      types: ["node"],
      // The declarations are checked too, not only used.
      skipLibCheck: false,
    };
    const config = `tsconfig.${moduleResolution}.json`;
    const text = JSON.stringify({ compilerOptions, files: ["consumer.ts", "add.ts", "reopen.ts"] });
    writeFileSync(join(project, config), text);
    const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
    const outcome = run(process.execPath, [tsc, "-p", config], project);
    expect(outcome).toMatchObject({ status: 0, said: "" });
  });
});
