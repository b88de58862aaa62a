import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { startDaemon, stopInstance } from './daemon.ts';
import { freePort, portOf } from './ports.ts';

const SEVERAL = 200;
const FIRST_OF_CONNECTIONS = 32_768;
const FEW = 40;

describe('ports of this machine', () => {
  const cleanUp: (() => unknown)[] = [];
  afterEach(async () => {
    for (const one of cleanUp.splice(0).reverse()) await one();
  });

  it('PORT-1: processes that start together get ports of their own, none of which a connection may take', async () => {
    const ask = `
      const { freePort } = await import(${JSON.stringify(join(import.meta.dirname, 'ports.ts'))});
      const ports = [];
      for (let i = 0; i < ${FEW}; i++) ports.push(await freePort());
      console.log(JSON.stringify(ports));
      // It lives until all have been given theirs.
      process.stdin.resume();
      process.stdin.on('end', () => process.exit());`;
    const said = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const started = spawn(process.execPath, ['--input-type=module', '-e', ask], {
          stdio: ['pipe', 'pipe', 'inherit'],
        });
        cleanUp.push(() => started.kill());
        const [text] = (await once(started.stdout, 'data')) as [Buffer];
        return { ports: JSON.parse(text.toString()) as number[], end: () => started.stdin.end() };
      }),
    );
    for (const { end } of said) end();
    const ports = said.flatMap((one) => one.ports);
    expect(new Set(ports).size).toBe(4 * FEW);
    expect(Math.max(...ports)).toBeLessThan(FIRST_OF_CONNECTIONS);
  });

  it('PORT-2: what was given and is not listened on yet is not given again', async () => {
    const ports = await Promise.all(Array.from({ length: SEVERAL }, () => freePort()));
    expect(new Set(ports.slice(-25)).size).toBe(25);
    const listening = createServer().listen(ports.at(-1), '127.0.0.1');
    await once(listening, 'listening');
    cleanUp.push(() => listening.close());
    const more = await Promise.all(Array.from({ length: SEVERAL }, () => freePort()));
    expect(more).not.toContain(ports.at(-1));
  });

  it('PORT-3: a port is kept where it is free or its program runs, and replaced where another has it', async () => {
    const instance = join(tmpdir(), `sluice-ports-${process.pid}`);
    expect(await portOf(instance, undefined)).toBeGreaterThan(0);
    const port = await freePort();
    expect(await portOf(instance, port)).toBe(port);
    const other = createServer().listen(port, '127.0.0.1');
    await once(other, 'listening');
    cleanUp.push(() => other.close());
    expect(await portOf(instance, port)).not.toBe(port);
    cleanUp.push(() => stopInstance(instance));
    await startDaemon({
      instance,
      command: [process.execPath, '-e', 'setInterval(() => {}, 1000)'],
      log: '/dev/null',
      env: process.env,
    });
    expect(await portOf(instance, port)).toBe(port);
  });
});
