/** House rules that oxlint does not have; loaded by `.oxlintrc.json` under the name `memcube`. */
import { dirname, relative, sep } from "node:path";
import { type ImportKind, judgeImport } from "./layers.ts";

const ROOT = dirname(import.meta.dirname);

/** The part of oxlint's (ESLint's) rule interface that is used here. */
interface Context {
  readonly filename: string;
  report(problem: { node: Node; message: string }): void;
}
interface Node {
  readonly type: string;
  readonly name?: string;
  readonly value?: unknown;
  readonly computed?: boolean;
  readonly source?: Node | null;
  readonly object?: Node;
  readonly property?: Node;
  readonly callee?: Node;
  readonly arguments?: readonly Node[];
  readonly imported?: Node;
  readonly specifiers?: readonly Node[];
}
type Visitor = Readonly<Record<string, (node: Node) => void>>;

function fileOf(context: Context): string {
  return relative(ROOT, context.filename).split(sep).join("/");
}

/** Imports only go down, siblings meet at `index.ts`, packages import what their row says. */
const layers = {
  create(context: Context): Visitor {
    const file = fileOf(context);
    const check = (kind: ImportKind) => (node: Node) => {
      if (typeof node.source?.value !== "string") return;
      const message = judgeImport(file, node.source.value, kind);
      if (message !== undefined) context.report({ node: node.source, message });
    };
    return {
      ImportDeclaration: check("static"),
      ExportNamedDeclaration: check("static"),
      ExportAllDeclaration: check("static"),
      ImportExpression: check("dynamic"),
      TSImportType: check("dynamic"),
    };
  },
};

/** A package root names what it exports. */
const namedRoots = {
  create(context: Context): Visitor {
    if (!/^packages\/[^/]+\/src\/(testing\/)?index\.ts$/.test(fileOf(context))) return {};
    return {
      ExportAllDeclaration: (node) =>
        context.report({ node, message: "a package root names its exports: no `export *`" }),
    };
  },
};

const CLOCK = /^(Date\.now|Math\.random|crypto\.(randomUUID|getRandomValues))$/;
const RANDOM_IMPORT = /^(randomUUID|randomBytes|randomInt|randomFillSync|randomFill|webcrypto)$/;
const INJECT = "time and randomness are injected (ports/clock): not read here";

/**
 * Core reads no clock and draws no random number; `create-mem-os.ts` and `random-ids.ts` alone do.
 * `performance.now()` stays free: a duration for telemetry decides nothing.
 */
const injectedClock = {
  create(context: Context): Visitor {
    const file = fileOf(context);
    if (!file.startsWith("packages/core/src/")) return {};
    if (
      /^packages\/core\/src\/(create-mem-os\.ts|random-ids\.ts|testing\/)|(\.test|[./]testing)\.ts$/.test(
        file,
      )
    )
      return {};
    return {
      MemberExpression(node) {
        if (node.computed === true) return;
        if (CLOCK.test(`${node.object?.name}.${node.property?.name}`)) {
          context.report({ node, message: INJECT });
        }
      },
      NewExpression(node) {
        if (node.callee?.name === "Date" && node.arguments?.length === 0) {
          context.report({ node, message: INJECT });
        }
      },
      ImportDeclaration(node) {
        if (node.source?.value !== "node:crypto") return;
        for (const specifier of node.specifiers ?? []) {
          if (RANDOM_IMPORT.test(specifier.imported?.name ?? "")) {
            context.report({ node: specifier, message: INJECT });
          }
        }
      },
    };
  },
};

const VAGUE = /(^|[-/])(utils?|helpers?|misc|common|manager|shared)([-./]|$)/;

/** A file says in its name what it holds. */
const plainNames = {
  create(context: Context): Visitor {
    const inside = /^packages\/[^/]+\/src\/(.*)$/.exec(fileOf(context))?.[1];
    if (inside === undefined || !VAGUE.test(inside)) return {};
    return {
      Program: (node) =>
        context.report({ node, message: "name the file after what it holds, no utils or helpers" }),
    };
  },
};

const plugin = {
  meta: { name: "memcube" },
  rules: {
    layers,
    "named-roots": namedRoots,
    "injected-clock": injectedClock,
    "plain-names": plainNames,
  },
};

export default plugin;
