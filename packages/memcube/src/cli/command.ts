import type { Context } from "./context.ts";
import type { ExitCode } from "./exit-codes.ts";

/** One option of a command. */
export interface OptionSpec {
  readonly type: "string" | "boolean";
  readonly short?: string;
  /** May be given more than once. */
  readonly multiple?: true;
  /** Name of its value in the help text. */
  readonly value?: string;
  readonly about: string;
}

export type OptionTable = Readonly<Record<string, OptionSpec>>;

type ValueOf<Spec extends OptionSpec> = Spec extends { readonly type: "boolean" }
  ? boolean
  : Spec extends { readonly multiple: true }
    ? readonly string[]
    : string;

/** Values of a table's options; those not given are left out. */
export type OptionValues<Table extends OptionTable> = {
  readonly [Name in keyof Table]?: ValueOf<Table[Name]>;
};

/** Values before it is known which table they belong to. */
export type RawValues = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

export interface Example {
  /** Without the leading `memcube`. */
  readonly line: string;
  readonly about: string;
}

interface Description {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What stands behind the name, such as `ID [VERSION]`. */
  readonly usage: string;
  /** How many arguments there may be. */
  readonly arguments: { readonly min: number; readonly max: number };
  readonly examples: readonly Example[];
  /** A paragraph for the command's own help. */
  readonly details?: string;
}

/** A command as the table holds it. */
export interface Command extends Description {
  readonly options: OptionTable;
  run(
    context: Context,
    input: { readonly values: RawValues; readonly arguments: readonly string[] },
  ): Promise<ExitCode | undefined>;
}

interface Definition<Table extends OptionTable> extends Description {
  readonly options: Table;
  /** `undefined` means success. */
  readonly run: (
    context: Context,
    input: { readonly values: OptionValues<Table>; readonly arguments: readonly string[] },
  ) => Promise<ExitCode | undefined>;
}

/** Defines a command; its `run` sees values typed after its own options. */
export function command<const Table extends OptionTable>(definition: Definition<Table>): Command {
  return {
    ...definition,
    run: async (context, input) =>
      await definition.run(context, {
        arguments: input.arguments,
        // The parser made the values after this very table.
        values: input.values as OptionValues<Table>,
      }),
  };
}
