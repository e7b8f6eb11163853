/** Asks a memory OS in a process of its own: `recall.ts FILE USER CUBE QUESTION [POSITION]`. */
import { open } from "memcube";

const [path = "", userId = "", cubeId = "", question = "", position] = process.argv.slice(2);
const os = await open({ path });
const cube = await os.as({ userId }).cube(cubeId);
const found = await cube.search(question, {
  limit: 3,
  ...(position === undefined ? {} : { position: JSON.parse(position) as object as never }),
});
const { ok, commits } = await cube.verify();
const ids = found.hits.map(({ memory }) => memory.header.id);
console.log(JSON.stringify({ ids, text: found.text, positions: found.positions, ok, commits }));
await os.close();
