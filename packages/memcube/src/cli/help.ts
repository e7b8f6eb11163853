import { wrapTo } from "./columns.ts";
import type { Command, OptionTable } from "./command.ts";
import { GLOBAL_OPTIONS } from "./global-options.ts";

const PAGE_COLUMNS = 96;

/** The page that `memcube help` prints. */
export function overview(commands: readonly Command[]): string {
  const rows = commands.map(({ name, summary }) => [name, summary] as const);
  return [
    "memcube - memory for LLM agents in one file",
    "",
    "Usage: memcube COMMAND [ARGUMENTS] [OPTIONS]",
    "",
    "Commands:",
    ...aligned([...rows, ["help", "explain a command: memcube help search"]]),
    "",
    "Options of every command:",
    ...optionLines(GLOBAL_OPTIONS),
    "",
    "Begin with:",
    ...aligned([
      ["memcube demo", "see it work, in a temporary file"],
      ['memcube add "I moved to Turin in May"', "remember something"],
      ['memcube search "Where do I live?"', "find it again"],
    ]),
    "",
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 verification found problems,",
    "5 busy or full (the same command may succeed later), 130 interrupted.",
  ].join("\n");
}

/** The page of one command. */
export function commandPage(command: Command): string {
  const { name, summary, usage, options, examples, details } = command;
  const shape = ["memcube", name, usage].filter((part) => part !== "").join(" ");
  return [
    `${shape} - ${summary}`,
    ...(details === undefined ? [] : ["", ...wrapTo(details, PAGE_COLUMNS)]),
    "",
    "Examples:",
    ...aligned(examples.map(({ line, about }) => [`memcube ${line}`, about] as const)),
    ...(Object.keys(options).length === 0 ? [] : ["", "Options:", ...optionLines(options)]),
    "",
    "Options of every command:",
    ...optionLines(GLOBAL_OPTIONS),
  ].join("\n");
}

function optionLines(options: OptionTable): string[] {
  return aligned(
    Object.entries(options).map(([name, { short, value, about, multiple }]) => {
      const spelled = `${short === undefined ? "" : `-${short}, `}--${name}`;
      const often = multiple === true ? " (repeatable)" : "";
      return [value === undefined ? spelled : `${spelled} ${value}`, about + often] as const;
    }),
  );
}

/** Rows in two columns; a left part that is too long stands above its right part. */
function aligned(rows: readonly (readonly [left: string, right: string])[]): string[] {
  const fitting = rows.map(([left]) => left.length).filter((length) => length <= 44);
  const width = Math.max(0, ...fitting);
  return rows.flatMap(([left, right]) =>
    left.length <= width
      ? [`  ${left.padEnd(width)}  ${right}`]
      : [`  ${left}`, `  ${"".padEnd(width)}  ${right}`],
  );
}
