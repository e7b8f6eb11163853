import { EXIT } from "../exit-codes.ts";
import { Failure, failureFrom } from "../failure.ts";

/** The package that runs models. @throws Failure where it is not installed */
export async function loadLlama() {
  return await import("@memcube/llama").catch((cause: unknown) => {
    const hint = `npm install @memcube/llama (${failureFrom(cause).message})`;
    throw new Failure(EXIT.failed, "@memcube/llama is not installed.", hint);
  });
}

export type Llama = Awaited<ReturnType<typeof loadLlama>>;
export type KvStore = Awaited<ReturnType<Llama["openKvStore"]>>;
