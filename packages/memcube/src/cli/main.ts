import type { Command, RawValues } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import type { Context } from "./context.ts";
import { Database } from "./database.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";
import { Failure, failureFrom, interrupted, usageError } from "./failure.ts";
import { GLOBAL_OPTIONS } from "./global-options.ts";
import { commandPage, overview } from "./help.ts";
import { Notes, Output } from "./output.ts";
import { parseArguments } from "./parse-arguments.ts";
import { oneLine } from "./plain-text.ts";
import { ProgressLine } from "./progress.ts";
import { suggest } from "./suggest.ts";
import { version } from "./version.ts";

const HELP_HINT = "`memcube help` lists the commands.";

/** What ends a command early, and why. */
interface Ending {
  readonly controller: AbortController;
  /** Standard output takes no more: nobody reads it (`| head`), or it can't be written. */
  output?: "unread" | Failure;
}

/**
 * Runs the command line of this process.
 *
 * @param argv arguments without node and script
 * @returns the exit code; everything that was opened is closed by then
 */
export async function main(argv: readonly string[]): Promise<ExitCode> {
  const ending: Ending = { controller: new AbortController() };
  const { signal } = ending.controller;
  const out = new Output(process.stdout, (error) => {
    ending.output = error.code === "EPIPE" ? "unread" : unwritable(error);
    ending.controller.abort(ending.output);
  });
  const errors = new Output(process.stderr);
  const release = onInterrupt(ending.controller);
  withoutSqliteWarning(errors);
  try {
    const code = await runLine(argv, out, errors, ending);
    if (!signal.aborted) return code ?? EXIT.ok;
    throw failureFrom(signal.reason);
  } catch (error) {
    if (ending.output === "unread") return EXIT.ok;
    const failure = failureFrom(signal.aborted ? signal.reason : error);
    new Notes(errors, false).error(failure.message, failure.hint);
    if (argv.includes("--verbose") && !(error instanceof Failure)) printStack(errors, error);
    return failure.exitCode;
  } finally {
    release();
  }
}

function unwritable(error: Error): Failure {
  return new Failure(EXIT.failed, `Standard output can't be written: ${error.message}`);
}

async function runLine(
  argv: readonly string[],
  out: Output,
  errors: Output,
  ending: Ending,
): Promise<ExitCode | undefined> {
  const { name, rest } = splitCommand(argv);
  if (name === undefined || name === "help") return help(rest, out);
  const command = find(name);
  const hint = `\`memcube help ${name}\` explains it.`;
  const options = { ...GLOBAL_OPTIONS, ...command.options };
  const { values, positionals } = parseArguments(rest, options, hint);
  const page = values["help"] === true ? commandPage(command) : undefined;
  const text = page ?? (values["version"] === true ? version() : undefined);
  if (text !== undefined) {
    out.line(text);
    return undefined;
  }
  checkCount(command, positionals, hint);
  const context = contextOf(values, out, errors, ending);
  try {
    return await command.run(context, { values, arguments: positionals });
  } finally {
    await context.database.close();
  }
}

/** The command's name; options of every command may stand before it. */
function splitCommand(argv: readonly string[]): { name: string | undefined; rest: string[] } {
  const takesValue = (arg: string) =>
    Object.entries(GLOBAL_OPTIONS).some(
      ([name, option]) => option.type === "string" && arg === `--${name}`,
    );
  let index = 0;
  for (; index < argv.length; index++) {
    const arg = argv[index] ?? "";
    if (!arg.startsWith("-")) break;
    if (takesValue(arg)) index++;
  }
  const rest = [...argv];
  const [name] = index < rest.length ? rest.splice(index, 1) : [];
  return { name, rest };
}

function help(rest: readonly string[], out: Output): ExitCode | undefined {
  const { values, positionals } = parseArguments(rest, GLOBAL_OPTIONS, HELP_HINT);
  const [about] = positionals;
  if (values["version"] === true) out.line(version());
  else if (about === undefined || about === "help") out.line(overview(COMMANDS));
  else out.line(commandPage(find(about)));
  return undefined;
}

function find(name: string): Command {
  const found = COMMANDS.find((command) => command.name === name);
  if (found !== undefined) return found;
  const close = suggest(name, [...COMMANDS.map((command) => command.name), "help"]);
  const guess = close === undefined ? "" : ` Did you mean ${close}?`;
  throw usageError(`Unknown command ${oneLine(name)}.${guess}`, HELP_HINT);
}

function checkCount(command: Command, positionals: readonly string[], hint: string): void {
  const { min, max } = command.arguments;
  if (positionals.length < min) {
    throw usageError(`${command.name} needs ${command.usage}.`, hint);
  }
  if (positionals.length > max) {
    const extra = oneLine(positionals[max] ?? "");
    throw usageError(`${command.name} does not take the argument "${extra}".`, hint);
  }
}

function contextOf(values: RawValues, out: Output, errors: Output, ending: Ending): Context {
  const quiet = values["quiet"] === true;
  const verbose = values["verbose"] === true;
  return {
    out,
    notes: new Notes(errors, quiet),
    input: process.stdin,
    json: values["json"] === true,
    quiet,
    signal: ending.controller.signal,
    database: new Database(values, process.env),
    now: () => Date.now(),
    progress: (label) => new ProgressLine(errors, label, { quiet, verbose }),
  };
}

/** The first Ctrl-C (or SIGTERM) ends cleanly, the second at once. */
function onInterrupt(controller: AbortController): () => void {
  const onSignal = () => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
    controller.abort(interrupted());
  };
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  return () => process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
}

/** Node 22 calls its SQLite experimental, to whoever uses a program that uses it. */
function withoutSqliteWarning(errors: Output): void {
  process.removeAllListeners("warning").on("warning", ({ name, message }) => {
    if (name === "ExperimentalWarning" && message.startsWith("SQLite ")) return;
    errors.line(`${name}: ${oneLine(message)}`);
  });
}

function printStack(errors: Output, error: unknown): void {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    for (const line of (cause.stack ?? "").split("\n")) errors.line(`  ${oneLine(line)}`);
  }
}
