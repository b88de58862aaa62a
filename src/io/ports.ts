import { createServer, type Server } from 'node:net';
import { findInstance } from './os.ts';

/**
 * Ports for programs of ours, below those that the system gives to outgoing connections (32768 and up on Linux, 49152
 * and up elsewhere): a port found there by binding it for a moment is, a moment later, an end of somebody's connection.
 */
const FIRST = 20_000;
const LAST = 32_000;
/** Ports of one block: the first one is kept bound by the process that hands out the others. */
const BLOCK = 50;
const BLOCKS = (LAST - FIRST) / BLOCK;

/** Listens on a port of loopback, or tells that it cannot. */
const bind = (port: number): Promise<Server | null> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => resolve(server.unref()));
  });

const close = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()));

/** Whether a program could listen on this port of loopback now. */
async function isFree(port: number): Promise<boolean> {
  const server = await bind(port);
  if (server) await close(server);
  return server !== null;
}

/** Takes a block that no other process holds. */
async function takeBlock(held: readonly number[]): Promise<number> {
  const start = Math.floor(Math.random() * BLOCKS);
  for (let i = 0; i < BLOCKS; i++) {
    const first = FIRST + ((start + i) % BLOCKS) * BLOCK;
    if (!held.includes(first) && (await bind(first))) return first;
  }
  throw new Error(
    `no port of 127.0.0.1 between ${FIRST} and ${LAST} is free: end programs that are not needed`,
  );
}

/**
 * The ports of this process in turn, so that one which was given and is not yet listened on is not given again; a
 * further block is taken before that could happen.
 */
function createPorts() {
  const held: number[] = [];
  let turn: number[] = [];
  let givenInTurn = 0;
  let last: Promise<unknown> = Promise.resolve();
  const next = async (): Promise<number> => {
    for (;;) {
      const port = turn.shift();
      if (port === undefined) {
        if (givenInTurn < BLOCK / 2) held.push(await takeBlock(held));
        turn = held.flatMap((first) => Array.from({ length: BLOCK - 1 }, (_, i) => first + 1 + i));
        givenInTurn = 0;
      } else if (await isFree(port)) {
        givenInTurn++;
        return port;
      }
    }
  };
  return (): Promise<number> => {
    const port = last.then(next);
    last = port.catch(() => undefined);
    return port;
  };
}

/** A port of loopback that is free now, and that no other process of ours is given while this one lives. */
export const freePort = createPorts();

/** The port that an instance had before, unless it does not run and another program took the port meanwhile. */
export async function portOf(instance: string, kept: number | undefined): Promise<number> {
  if (kept !== undefined && (findInstance(instance) !== undefined || (await isFree(kept)))) return kept;
  return freePort();
}
