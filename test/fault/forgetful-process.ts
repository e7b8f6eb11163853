/** Opens a storage and never closes it; with `write`, begins fifty commits and waits for none. */
import { commitRequest, cubeWrite, memoryWrite } from "@memcube/conformance";
import { sqliteStorage } from "@memcube/sqlite";

import { SHARED } from "./acknowledged.ts";

const [path = "", what = ""] = process.argv.slice(2);
const { vault } = await sqliteStorage({ path, durability: "power" });
if (what === "write") {
  void vault.commit(commitRequest({ cube: SHARED, writes: [cubeWrite(SHARED)] }));
  for (let index = 0; index < 50; index += 1) {
    void vault.commit(
      commitRequest({ cube: SHARED, writes: [memoryWrite(SHARED, { id: `m${index}` })] }),
    );
  }
}
