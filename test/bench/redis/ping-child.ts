/** Another client: pings once a millisecond until it is told to stop, then sends the times. */
import { setTimeout as sleep } from "node:timers/promises";

import { createClient } from "redis";

const client = createClient({ url: process.argv[2] ?? "" });
await client.connect();
for (let warm = 0; warm < 200; warm += 1) await client.ping();
let stopped = false;
process.once("message", () => {
  stopped = true;
});
process.send?.("ready");
const pings: number[] = [];
while (!stopped) {
  const started = performance.now();
  await client.ping();
  pings.push(performance.now() - started);
  await sleep(1);
}
client.destroy();
process.send?.(pings, () => process.disconnect());
