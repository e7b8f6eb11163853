import { createServer } from "node:net";

/** Ports of one process: those of test files that run at the same time must not meet. */
const OWN = 220;
const FIRST = 10_000 + (process.pid % 50) * OWN;

/** What a cluster's bus adds to a port. Both stay below what systems give to outgoing connections. */
const BUS = 10_000;

let next = 0;

/** Ports that are free on loopback now, with that of the cluster bus; each is given out once in turn. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let tries = 0; ports.length < count && tries < OWN; tries += 1) {
    const port = FIRST + next;
    next = (next + 1) % OWN;
    if ((await isFree(port)) && (await isFree(port + BUS))) ports.push(port);
  }
  if (ports.length < count) throw new Error("no free ports on loopback");
  return ports;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const listening = await new Promise<boolean>((done) => {
    server.once("error", () => done(false));
    server.listen(port, "127.0.0.1", () => done(true));
  });
  if (listening) await new Promise((done) => server.close(done));
  return listening;
}
