import { existsSync } from "node:fs";
import { userInfo } from "node:os";
import { resolve } from "node:path";

import type { CallerInput, MemCube, MemOS, MemSession } from "@memcube/core";
import type { SqliteStorage } from "@memcube/sqlite";

import type { OptionValues } from "./command.ts";
import { notFound } from "./failure.ts";
import type { GLOBAL_OPTIONS } from "./global-options.ts";
import { oneLine } from "./plain-text.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** A file that was opened, and the OS over it on behalf of the one who asks. */
export interface OpenDatabase {
  readonly os: MemOS;
  readonly me: MemSession;
  readonly storage: SqliteStorage;
}

/** The file that the command works on: opened when first asked for, closed at the end. */
export class Database {
  /** Absolute. */
  readonly path: string;
  /** As it was named. */
  readonly name: string;
  readonly caller: CallerInput & { readonly tenantId: string };
  /** Whether the one who asks chose it: an option or the environment. */
  readonly isNamed: boolean;
  #opening: Promise<OpenDatabase> | undefined;

  constructor(values: OptionValues<typeof GLOBAL_OPTIONS>, environment: Environment) {
    this.isNamed = values.db !== undefined || Boolean(environment["MEMCUBE_DB"]);
    this.name = values.db ?? (environment["MEMCUBE_DB"] || "memory.db");
    this.path = resolve(this.name);
    this.caller = {
      tenantId: values.tenant ?? "default",
      userId: values.user ?? (environment["MEMCUBE_USER"] || systemUser()),
      roles: [...(values.role ?? [])],
      via: "cli",
    };
  }

  /** Another file on behalf of the same caller. */
  elsewhere(path: string): Database {
    const { userId: user, tenantId: tenant, roles: role = [] } = this.caller;
    return new Database({ db: path, user, tenant, role }, {});
  }

  /** The same file and caller as options of another command line. */
  asOptions(): string[] {
    const { userId, tenantId, roles = [] } = this.caller;
    const given = [`--db=${this.path}`, `--user=${userId}`, `--tenant=${tenantId}`];
    return [...given, ...roles.map((role) => `--role=${role}`)];
  }

  /** Cube that belongs to the one who asks. */
  get ownCube(): string {
    return `user:${this.caller.userId}`;
  }

  get exists(): boolean {
    return existsSync(this.path);
  }

  /**
   * Opens the file.
   *
   * @param options.create makes it when it is not there; else that is an error
   * @throws Failure with exit code 3
   */
  async open(options: { readonly create?: boolean } = {}): Promise<OpenDatabase> {
    if (this.#opening === undefined && options.create !== true && !this.exists) {
      throw notFound(
        `There is no file ${oneLine(this.name)}.`,
        "`memcube add` and `memcube import` make it; --db or MEMCUBE_DB names another.",
      );
    }
    return await (this.#opening ??= openFor(this.caller, this.path));
  }

  /** Opens a cube: the one named, else the caller's own. */
  async cube(
    id: string | undefined,
    options: { readonly create?: boolean } = {},
  ): Promise<MemCube> {
    const { me } = await this.open(options);
    return await me.cube(id ?? this.ownCube);
  }

  /** Closes what was opened. */
  async close(): Promise<void> {
    const opening = this.#opening;
    this.#opening = undefined;
    // What failed to open was reported by whoever asked for it.
    const opened = await opening?.catch(() => undefined);
    await opened?.os.close();
  }
}

/** The library is loaded here, so that help and errors of usage come at once. */
async function openFor(caller: CallerInput, path: string): Promise<OpenDatabase> {
  const [{ open }, { openFile }] = await Promise.all([
    import("../open.ts"),
    import("../open-file.ts"),
  ]);
  const storage = await openFile({ path });
  const os = await open({ storage });
  try {
    return { os, me: os.as(caller), storage };
  } catch (error) {
    await os.close();
    throw error;
  }
}

/** Name of the system's user; "local" where it has none, as in some containers. */
function systemUser(): string {
  try {
    return userInfo().username || "local";
  } catch {
    return "local";
  }
}
