import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { temporaryFolder } from '../../../../test/folder.ts';
import { confirm } from './served.ts';

/** A second goes by whenever anybody looks at the clock: a machine that is very slow, in no time. */
beforeEach(() => {
  const begun = Date.now();
  let looks = 0;
  vi.spyOn(Date, 'now').mockImplementation(() => begun + 1_000 * looks++);
});
const servers: Server[] = [];
afterEach(() => {
  vi.restoreAllMocks();
  for (const server of servers.splice(0)) server.close();
});

/** Something that answers as nginx's status does: the old generation so many times, then the new one. */
async function statusOf(oldAnswers: number) {
  let left = oldAnswers;
  const server = createServer((_, response) =>
    response.end(JSON.stringify({ generation: left-- > 0 ? 1 : 2, statusPort: 0, lanes: {} })),
  ).listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  servers.push(server);
  return { statusPort: (server.address() as AddressInfo).port, generation: 2 };
}

describe('nginx on a slow machine', () => {
  it('EDGE-7: what comes late is waited for, far beyond what a quiet machine needs', async () =>
    expect(await confirm(temporaryFolder('edge'), await statusOf(30), 0)).toBeUndefined());

  it('EDGE-7: what nginx has given up is not waited for, and its own word is told; a port that it tries again is', async () => {
    const directory = temporaryFolder('edge');
    const bind = '[emerg] 7#7: bind() to 127.0.0.1:1 failed (98: Address already in use)\n';
    writeFileSync(join(directory, 'error.log'), `[emerg] of before\n${bind}`);
    const state = await statusOf(3);
    await confirm(directory, state, '[emerg] of before\n'.length);
    writeFileSync(join(directory, 'error.log'), `${bind}[emerg] 7#7: still could not bind()\n`);
    await expect(confirm(directory, state, 0)).rejects.toThrow(
      /nginx does not take configuration 2: .*still could not bind/,
    );
  });

  it('EDGE-7: one that ended is not waited for', async () =>
    expect(confirm(temporaryFolder('edge'), await statusOf(1_000), 0)).rejects.toThrow(
      'nginx ended before it served configuration 2',
    ));
});
