import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { statusCommand } from '../../src/cli/status.ts';
import { watch } from '../../src/cli/watch.ts';
import { testIo } from './run.ts';

describe('a page that is watched', () => {
  it('CLI-52: it is drawn in place on a terminal, and says how old it is where the server went away', async () => {
    const stop = new AbortController();
    const page = { schema: 'sluice.dev/overview/v1', sentence: 'All is well.', lanes: [], problems: [] };
    let away = false;
    const own = createServer((_, response) =>
      away ? void response.destroy() : response.end(JSON.stringify(page)),
    );
    own.listen(0, '127.0.0.1');
    await once(own, 'listening');
    const url = `http://127.0.0.1:${(own.address() as AddressInfo).port}`;
    const out: string[] = [];
    const { io } = testIo({
      outTty: true,
      signal: stop.signal,
      out: (text) => {
        out.push(text);
        if (out.length === 3) away = true;
        if (text.includes('asking again')) stop.abort();
      },
    });
    const server = { url, token: null, signInEnded: null };
    const exit = await watch(io, (to) => statusCommand(to, { work: '/nowhere', server }), 1);
    own.close();
    expect(exit).toBe(0);
    expect(out[0]).toBe('\u001b[2J');
    expect(out[1]).toContain('\u001b[H');
    expect(out[1]).toContain('All is well.');
    expect(out.at(-1)).toMatch(/as of \d\d:\d\d:\d\d UTC: the server at .* does not answer/);
  });

  it('CLI-52: elsewhere it is written whenever it changes', async () => {
    const stop = new AbortController();
    const texts = ['one\n', 'one\n', 'two\n'];
    const out: string[] = [];
    const { io } = testIo({ signal: stop.signal, out: (text) => out.push(text) });
    let at = 0;
    await watch(
      io,
      async (to) => {
        to.out(texts[at]!);
        at++;
        if (at === texts.length) queueMicrotask(() => setImmediate(() => stop.abort()));
        return 0;
      },
      1,
    );
    expect(out).toEqual(['one\n', 'two\n']);
  });
});
