import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, it } from 'vitest';
import { sqliteLedger } from '../../src/ledger/adapters/sqlite/ledger.ts';
import { COMMANDS } from '../../src/main.ts';
import { entry } from '../contract/ledger/contract.ts';
import { temporaryFolder } from '../folder.ts';
import { nameFor } from './named.ts';
import { runCli } from './run.ts';

/** A server elsewhere, as far as a command sees it: what it was asked, and one answer for everything. */
async function elsewhere(answer: object, status = 200) {
  const asked: { method: string; url: string; token: string | undefined }[] = [];
  const server = createServer((request: IncomingMessage, response) => {
    const { method = '', url = '', headers } = request;
    asked.push({ method, url, token: headers.authorization });
    const type = url.endsWith('/export') ? 'application/x-ndjson' : 'application/json';
    const document = status < 400 ? { schema: nameFor(method, url), ...answer } : answer;
    response.writeHead(status, { 'content-type': type }).end(JSON.stringify(document));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  started.push(server);
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}
const started: Server[] = [];
afterEach(() => {
  for (const server of started.splice(0)) server.close();
});

const sluice = (args: string[], env: Record<string, string> = {}) =>
  runCli(args, { cwd: temporaryFolder('remote'), env });

const LEDGER = { records: [] };
const ORDER = ['release', 'abort', 'checkout', 'prod', '--reason', 'errors'];

describe('a server elsewhere', () => {
  it('CLI-20: --server asks it with the token of the environment', async () => {
    const { url, asked } = await elsewhere({ seq: 7 });
    const answer = await sluice([...ORDER, '--server', `${url}/`, '--json'], { SLUICE_TOKEN: 'st_1' });
    expect(answer).toMatchObject({ exit: 0, out: expect.stringContaining('"seq":7') });
    expect(asked).toEqual([
      { method: 'POST', url: '/api/v1/lanes/prod/checkout/commands', token: 'Bearer st_1' },
    ]);
  });

  it('CLI-20: SLUICE_SERVER names it for every command; a path in the address is kept', async () => {
    const { url, asked } = await elsewhere(LEDGER);
    expect((await sluice(['ledger', 'list'], { SLUICE_SERVER: `${url}/sluice/` })).exit).toBe(0);
    expect(asked[0]).toMatchObject({
      url: expect.stringMatching(/^\/sluice\/api\/v1\/ledger\?/),
      token: undefined,
    });
  });

  it('CLI-20: --work is meant where it is given, whatever the environment says', async () => {
    const { url, asked } = await elsewhere(LEDGER);
    const answer = await sluice(['ledger', 'list', '--work', 'here'], { SLUICE_SERVER: url });
    expect(answer).toMatchObject({ exit: 2, err: expect.stringContaining('there is no ledger') });
    expect(asked).toEqual([]);
    const both = await sluice(['status', '--work', 'here', '--server', url]);
    expect(both).toMatchObject({
      exit: 2,
      err: expect.stringContaining("cannot be used with option '--server"),
    });
  });

  it('CLI-20: a token may stand in a file, and is not sent where none is there', async () => {
    const { url, asked } = await elsewhere(LEDGER);
    const file = join(temporaryFolder('token'), 'token');
    writeFileSync(file, 'st_2\n');
    await sluice(['ledger', 'list', '--server', url], { SLUICE_TOKEN_FILE: file });
    expect(asked[0]!.token).toBe('Bearer st_2');
    const missing = await sluice(['ledger', 'list', '--server', url], { SLUICE_TOKEN_FILE: `${file}.not` });
    expect(missing).toMatchObject({ exit: 2, err: expect.stringContaining('SLUICE_TOKEN_FILE') });
  });

  it('CLI-21: who is refused is told what to do; a server that is away is exit 3', async () => {
    const { url } = await elsewhere({ title: 'Unauthorized', status: 401, detail: 'no token' }, 401);
    const refused = await sluice(['status', '--server', url]);
    expect(refused).toMatchObject({ exit: 1, err: expect.stringContaining('SLUICE_TOKEN') });
    const away = await sluice(['status', '--server', 'http://127.0.0.1:9', '--json']);
    expect(away.exit).toBe(3);
    expect(JSON.parse(away.out)).toMatchObject({ error: { code: 'SERVER_UNREACHABLE' } });
  });

  it.each(['nowhere', 'ftp://sluice.example', 'https://me:secret@sluice.example'])(
    'CLI-21: %s is not the address of a server',
    async (address) => {
      const answer = await sluice(['status', '--server', address]);
      expect(answer.exit).toBe(2);
      expect(answer.err).toContain('BAD_SERVER');
      expect((await sluice(['status'], { SLUICE_SERVER: address })).exit).toBe(2);
    },
  );

  it.each([200, 404, 502])('CLI-29: a page with status %s is no answer of a server', async (status) => {
    const server = createServer((_, response) => response.writeHead(status).end('<html></html>'));
    started.push(server.listen(0, '127.0.0.1'));
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const answer = await sluice(['status', '--server', url]);
    expect(answer).toMatchObject({ exit: 3, err: expect.stringContaining('NOT_A_SERVER') });
  });

  it.each([
    ['an empty object', {}, 200],
    ['a list', [], 200],
    ['nothing at all', null, 200],
    ['a word', 'ok', 200],
    ['the document of somebody else', { schema: 'example.com/v1', items: [] }, 200],
    ['a refusal without a title', {}, 404],
    ['a failure of somebody else', { error: 'x' }, 500],
  ])('CLI-29: %s is no answer of a server, and no fault of ours', async (_, answer, status) => {
    const server = createServer((_request, response) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer)),
    );
    started.push(server.listen(0, '127.0.0.1'));
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    for (const args of [['status'], ['ledger', 'list'], ['ledger', 'verify'], ORDER, ['pull', 'list']]) {
      const said = await sluice([...args, '--server', url]);
      expect([args, said.exit, said.err]).toEqual([
        args,
        3,
        expect.stringMatching(/NOT_A_SERVER[\s\S]*Next: check the address/),
      ]);
    }
  });

  it.each([404, 409, 403, 418])(
    'CLI-31: what a server refuses with %s says what to do, also where the server does not',
    async (status) => {
      const { url } = await elsewhere({ title: 'No', status, detail: 'because' }, status);
      const said = await sluice([...ORDER, '--server', url]);
      expect(said).toMatchObject({ exit: 1, err: expect.stringMatching(/No: because\nNext: \w/) });
    },
  );

  it('CLI-31: a server that breaks off in the middle of an answer is away, with what to do', async () => {
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' }).write('{');
      response.destroy();
    });
    started.push(server.listen(0, '127.0.0.1'));
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await sluice(['status', '--server', url])).toMatchObject({
      exit: 3,
      err: expect.stringMatching(/SERVER_UNREACHABLE[\s\S]*Next: /),
    });
  });

  it('CLI-29: a ledger file that is damaged is no fault of ours', async () => {
    const work = temporaryFolder('damaged');
    writeFileSync(join(work, 'ledger.sqlite'), '');
    const answer = await sluice(['ledger', 'list', '--work', work]);
    expect(answer).toMatchObject({ exit: 3, err: expect.stringMatching(/LEDGER_FAILED[\s\S]*restore/) });
  });

  it('LEDGER-24: a command that reads a record which is none says so, and what to do', async () => {
    const work = temporaryFolder('damaged');
    const file = join(work, 'ledger.sqlite');
    const ledger = await sqliteLedger({ file, id: 't' });
    await ledger.append([1, 2].map((i) => entry(i)));
    await ledger.close();
    const database = new DatabaseSync(file);
    database.prepare('UPDATE records SET text = ? WHERE seq = 2').run('x');
    database.close();
    const answer = await sluice(['ledger', 'list', '--work', work]);
    expect(answer).toMatchObject({
      exit: 3,
      err: expect.stringMatching(/LEDGER_DAMAGED[\s\S]*Next: .*ledger verify/),
    });
  });

  it('LEDGER-25: a server whose chain is found broken by a command walks it itself', async () => {
    const { url, asked } = await elsewhere({ ok: false });
    const answer = await sluice(['ledger', 'verify', '--server', url]);
    expect(answer).toMatchObject({ exit: 1, out: expect.stringContaining('The server was notified') });
    expect(asked.map((a) => a.url)).toEqual(['/api/v1/ledger/export', '/api/v1/ledger/verification']);
  });

  it('GATE-29: of the lanes of a pull request three are named, and the others counted', async () => {
    const lanes = Array.from({ length: 6_400 }, (_, i) => `s${i}/prod`);
    const pull = { number: 7, title: 'All', author: 'a', state: 'open', allow: false, lanes };
    const { url } = await elsewhere({ sentence: 'One.', pulls: [pull] });
    const { out } = await sluice(['pull', 'list', '--server', url]);
    expect(out).toContain('  s0/prod, s1/prod, s2/prod and 6397 more  a');
  });

  it('QUIET-2: status says what a lane that is not at rest waits for, in the words of the console', async () => {
    const lane = { service: 'billing', environment: 'prod', slos: [], canary: null, stable: '1', weight: 0 };
    const { url } = await elsewhere({
      sentence: 'One waits.',
      problems: [],
      lanes: [
        {
          ...lane,
          state: 'Evaluating',
          family: 'being judged',
          sentence: 'billing 2 is held at 20 %: few came.',
        },
        { ...lane, state: 'Stable', family: 'at rest', sentence: 'all is well' },
      ],
    });
    const { exit, out } = await sluice(['status', '--server', url]);
    expect([exit, out]).toEqual([0, expect.stringContaining('billing 2 is held at 20 %: few came.\n')]);
    expect(out).not.toContain('all is well');
  });

  it('CLI-20: every command that takes a work folder takes a server', async () => {
    const helps = COMMANDS.map(async ([name]) => (await sluice([name, '--help'])).out);
    const own = ['serve', 'demo', 'doctor'];
    for (const [at, [name]] of COMMANDS.entries())
      if (!own.includes(name) && (await helps[at])!.includes('--work '))
        expect(await helps[at]).toContain('--server <url>');
    for (const sub of ['list', 'show', 'verify', 'export', 'replay', 'explain'])
      expect((await sluice(['ledger', sub, '--help'])).out).toContain('--server <url>');
  });
});
