import { createServer, type Server } from "node:net";

/** Ports that are free on loopback now, all different; below 55,536, as a cluster bus adds 10,000. */
export async function freePorts(count: number): Promise<number[]> {
  const servers: Server[] = [];
  const ports: number[] = [];
  // Bound: a machine with so many ports taken in a row has other worries.
  for (let tries = 0; ports.length < count && tries < 1_000; tries += 1) {
    const server = createServer();
    // Outside the range that the system gives to outgoing connections, so nobody takes it meanwhile.
    const wanted = 20_000 + Math.floor(Math.random() * 12_000);
    const got = await listen(server, wanted);
    if (!got) continue;
    servers.push(server);
    if (!ports.includes(wanted)) ports.push(wanted);
  }
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  if (ports.length < count) throw new Error("no free ports on loopback");
  return ports;
}

function listen(server: Server, port: number): Promise<boolean> {
  return new Promise((done) => {
    server.once("error", () => done(false));
    server.listen(port, "127.0.0.1", () => done(true));
  });
}
