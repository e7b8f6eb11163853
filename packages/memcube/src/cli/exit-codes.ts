/** What the command tells the shell. Numbers are never changed: scripts depend on them. */
export const EXIT = {
  ok: 0,
  failed: 1,
  /** The command line was wrong: unknown command or option, bad or missing value. */
  usage: 2,
  /** A cube, memory, version or file that was named is not there. */
  notFound: 3,
  /** `verify` or `doctor` found that the log and the memories do not agree. */
  problems: 4,
  /** The same command may succeed later: the file is busy or the disk full. */
  retryable: 5,
  /** Ctrl-C (128 + SIGINT). */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
