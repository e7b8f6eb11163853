/** Node 22 calls `node:sqlite` experimental, once for each thread; its users know what they chose. */
const QUIET = ["--disable-warning=ExperimentalWarning"];

/**
 * Where a thread's module is, beside the module that asks: `<name>.js`, or `<name>.ts` where that one is
 * itself run from source (then core is taken from source, too).
 */
export function threadModule(name: string, from: string): { url: URL; execArgv: string[] } {
  const fromSource = from.endsWith(".ts");
  return {
    url: new URL(`./${name}.${fromSource ? "ts" : "js"}`, from),
    execArgv: fromSource ? [...QUIET, "--conditions=@memcube/source"] : [...QUIET],
  };
}
