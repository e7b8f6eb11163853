import type { MemCube } from "@memcube/core";
import { z } from "zod";

import { Records } from "./records.ts";

const placeSchema = z.object({ resourceId: z.string() });

/** Which resources have messages: where a message is looked for that only its id is known of. */
export class Places {
  readonly #records = new Records("places", "erase");
  /** Those noted by this process, so that they are written once. */
  readonly #noted = new Set<string>();

  async note(home: MemCube, resourceId: string): Promise<void> {
    if (this.#noted.has(resourceId)) return;
    if ((await this.#records.get(home, resourceId)) === undefined) {
      await this.#records.put(home, resourceId, { value: { resourceId } });
    }
    this.#noted.add(resourceId);
  }

  async list(home: MemCube): Promise<readonly string[]> {
    const values = await this.#records.list(home);
    return values.map((value) => placeSchema.parse(value).resourceId);
  }

  async clear(home: MemCube): Promise<void> {
    this.#noted.clear();
    await this.#records.clear(home);
  }
}
