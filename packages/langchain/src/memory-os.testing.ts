import { createMemOS, type Change, type MemCube, type MemOS } from "@memcube/core";
import { memoryStorage } from "@memcube/core/testing";
import { afterEach } from "vitest";

const opened: MemOS[] = [];
afterEach(async () => {
  for (const os of opened.splice(0)) await os.close();
});

/** A memory OS that is closed when the test is over, and its storage. */
export function startMemOS(): {
  readonly os: MemOS;
  readonly storage: ReturnType<typeof memoryStorage>;
} {
  const storage = memoryStorage();
  const os = createMemOS({ storage });
  opened.push(os);
  return { os, storage };
}

/** What the memories of a user say, the oldest first. */
export async function textsOf(os: MemOS, userId: string): Promise<readonly string[]> {
  const { items } = await (await os.as({ userId }).cube(`user:${userId}`)).list();
  return items.map(({ payload }) => ("text" in payload ? (payload.text ?? "") : ""));
}

/** Every change of a cube, in order. */
export async function changesOf(cube: MemCube): Promise<readonly Change[]> {
  const changes: Change[] = [];
  for await (const change of cube.log()) changes.push(change);
  return changes;
}
