/** Tells a memory OS some things in a process of its own: `tell.ts FILE USER CUBE COUNT LABEL`. */
import { open } from "memcube";

const [path = "", userId = "", cubeId = "", count = "1", label = ""] = process.argv.slice(2);
const os = await open({ path });
const cube = await os.as({ userId }).cube(cubeId);
const ids: string[] = [];
for (let number = 1; number <= Number(count); number++) {
  const turn = { id: `${label}-${number}`, role: "user", content: `${label} counts to ${number}` };
  const added = await cube.add([turn], { sessionId: label });
  ids.push(...added.ids);
  console.log(`kept ${added.ids.join(" ")}`);
}
console.log(JSON.stringify({ ids, position: await cube.position() }));
await os.close();
