import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A way to the database that falls silent after a statement passed, as a cut network does: nothing is closed. */
export async function cuttable(
  url: string,
): Promise<{ readonly url: string; cutAfter(statement: string): void; close(): void }> {
  const target = new URL(url);
  const port = Number(target.port);
  const sockets: Socket[] = [];
  let last: string | null = null;
  let cut = false;
  const listener = createServer((near) => {
    const far = connect(port, target.hostname);
    sockets.push(near, far);
    for (const socket of [near, far]) socket.on('error', () => undefined);
    near.on('data', (bytes) => {
      if (cut) return;
      far.write(bytes);
      cut = last !== null && bytes.includes(last);
    });
    far.on('data', (bytes) => cut || near.write(bytes));
  });
  await new Promise<void>((done) => listener.listen(0, '127.0.0.1', done));
  target.port = String((listener.address() as AddressInfo).port);
  return {
    url: target.href,
    cutAfter: (statement) => {
      last = statement;
    },
    close() {
      for (const socket of sockets) socket.destroy();
      listener.close();
    },
  };
}
