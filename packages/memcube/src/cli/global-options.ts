/** Options that every command takes. */
export const GLOBAL_OPTIONS = {
  db: {
    type: "string",
    value: "PATH",
    about: "file that holds the memories (default: $MEMCUBE_DB, else memory.db)",
  },
  user: {
    type: "string",
    value: "NAME",
    about: "who asks (default: $MEMCUBE_USER, else the name of the system's user)",
  },
  role: { type: "string", multiple: true, value: "NAME", about: "a role of this user" },
  tenant: { type: "string", value: "NAME", about: "isolation boundary (default: default)" },
  json: { type: "boolean", about: "JSON on standard output; diagnostics stay on standard error" },
  quiet: { type: "boolean", short: "q", about: "ids or nothing on success" },
  verbose: { type: "boolean", about: "progress and stack traces also without a terminal" },
  help: { type: "boolean", short: "h", about: "explain the command" },
  version: { type: "boolean", short: "v", about: "print the version" },
} as const;
