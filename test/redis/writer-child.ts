/** Commits memories until it is killed, and says each that was acknowledged: URL, prefix. */
import { redisStorage } from "@memcube/redis";

import { addMemory } from "./cube-commits.ts";

const [url = "", prefix = ""] = process.argv.slice(2);
const storage = await redisStorage({ url, prefix });
for (let at = 0; ; at += 1) {
  const id = `child-${process.pid}-${at}`;
  await addMemory(storage.vault, id);
  process.stdout.write(`${id}\n`);
}
