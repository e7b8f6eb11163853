/** Opens a storage that it may not write to and says what reading and writing give. */
import { commitRequest, memoryWrite } from "@memcube/conformance";
import { sqliteStorage } from "@memcube/sqlite";

import { SHARED, TENANT, THREAD } from "./acknowledged.ts";

const [path = ""] = process.argv.slice(2);
const codeOf = async (call: Promise<unknown>): Promise<unknown> => {
  try {
    await call;
    return "done";
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
};

const storage = await sqliteStorage({ path, durability: "process" });
const query = {
  terms: ["m1"],
  filter: {},
  access: { principals: ["everyone"] },
  now: 0,
  limit: 5,
} as const;
const [memory] = await storage.vault.read(SHARED, { access: { system: "verify" }, ids: ["m1"] });
const write = memoryWrite(SHARED, { id: "m2" });
const said = {
  read: memory?.id,
  candidates: (await storage.vault.candidates(SHARED, query)).map(({ id }) => id),
  blobs: (await storage.blobs.list(TENANT, { limit: 5 })).length,
  thread: await storage.threads.get(THREAD, { namespace: "", now: 1 }).then(
    (found) => found?.checkpoint.id,
    (error: unknown) => (error as { readonly code?: unknown }).code,
  ),
  write: await codeOf(storage.vault.commit(commitRequest({ cube: SHARED, writes: [write] }))),
  blob: await codeOf(storage.blobs.put(TENANT, new Uint8Array([9]))),
};
await storage.close();
process.stdout.write(JSON.stringify(said));
