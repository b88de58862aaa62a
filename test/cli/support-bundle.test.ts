import { cpSync, globSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { redactor, secretsOf } from '../../src/cli/support/redact.ts';
import { sqliteLedger } from '../../src/ledger/adapters/sqlite/ledger.ts';
import { entry } from '../contract/ledger/contract.ts';
import { temporaryFolder } from '../folder.ts';
import { PROGRAMS, runCli } from './run.ts';

const SHOP = join(import.meta.dirname, '../../examples/shop');
/** Each where a secret may stand, and distinct, so that a find says where it came from. */
const PLANTED = {
  declared: 'declared-hunter2-Zx81',
  inFile: 'in-a-file-hunter2-Qy72',
  byName: 'by-name-hunter2-Wv63',
  comment: 'comment-hunter2-Ut54',
  config: 'config-hunter2-Sr45',
  reason: 'sluice_reason0hunter2Rq36',
  hash: 'f00dfacef00dfacef00dfacef00dface',
};

async function place() {
  const cwd = temporaryFolder('support');
  cpSync(SHOP, join(cwd, 'shop'), { recursive: true });
  writeFileSync(join(cwd, 'secret.txt'), `${PLANTED.inFile}\n`);
  writeFileSync(
    join(cwd, 'shop/more.yaml'),
    [
      '# Only a note: sluice.dev/v1',
      `# password: ${PLANTED.comment}`,
      'apiVersion: sluice.dev/v1',
      'kind: Platform',
      'metadata: { name: again }',
      'spec:',
      '  ledger: { postgres: { secretRef: { env: SHOP_LEDGER } } }',
      `  other: { secretRef: { file: ${join(cwd, 'secret.txt')} } }`,
      `  copied: "${PLANTED.declared} ${PLANTED.inFile}"`,
      '',
    ].join('\n'),
  );
  const work = join(cwd, '.sluice');
  mkdirSync(work);
  const ledger = await sqliteLedger({ file: join(work, 'ledger.sqlite'), id: 'support' });
  await ledger.append([
    { ...entry(1), data: { target: { version: '1.0.0', config: { env: { API: PLANTED.config } } } } },
    { ...entry(2), data: { reason: `the token ${PLANTED.reason} leaked` } },
    { ...entry(3), type: 'token.created', data: { name: 'ci', hash: PLANTED.hash } },
  ]);
  await ledger.close();
  const env = { ...PROGRAMS, SHOP_LEDGER: PLANTED.declared, MAIL_PASSWORD: PLANTED.byName };
  return { cwd, run: (...args: string[]) => runCli(['support-bundle', ...args], { cwd, env }) };
}

const filesBelow = (folder: string) =>
  Object.fromEntries(
    globSync('**/*', { cwd: folder })
      .filter((path) => statSync(join(folder, path)).isFile())
      .map((path) => [path, readFileSync(join(folder, path), 'utf8')]),
  );

describe('sluice support-bundle', () => {
  it('CLI-58: it holds what explains a fault, readable by its owner alone, and no planted secret', async () => {
    const { cwd, run } = await place();
    const answer = await run('shop');
    expect(answer).toMatchObject({ exit: 0, err: '' });
    expect(answer.out).toContain('Next: read sluice-support, then pack it');
    const files = filesBelow(join(cwd, 'sluice-support'));
    expect(Object.keys(files)).toEqual(
      expect.arrayContaining([
        'about.json',
        'declaration/problems.json',
        'declaration/shop/platform.yaml',
        'declaration/shop/more.yaml',
        'ledger/records.jsonl',
        'server/not-asked.txt',
      ]),
    );
    for (const [path, text] of Object.entries(files)) {
      for (const [where, secret] of Object.entries(PLANTED))
        expect(text.includes(secret), `${where} in ${path}`).toBe(false);
      expect(statSync(join(cwd, 'sluice-support', path)).mode & 0o077).toBe(0);
    }
    // What is left is of use: names stay, and so does everything that is no secret.
    expect(files['ledger/records.jsonl']).toContain('"config":{"env":{"API":"[left out]"}}');
    expect(files['ledger/records.jsonl']).toContain('the token [left out] leaked');
    expect(files['declaration/shop/more.yaml']).toContain('secretRef: { env: SHOP_LEDGER }');
    expect(files['declaration/shop/platform.yaml']).toBe(readFileSync(join(SHOP, 'platform.yaml'), 'utf8'));
    expect(JSON.parse(files['about.json']!)).toMatchObject({
      schema: 'sluice.dev/support/v1',
      missing: null,
    });
  });

  it('CLI-58: without a declaration, a server or a ledger it says of each that it is not there', async () => {
    const cwd = temporaryFolder('support');
    const answer = await runCli(['support-bundle', '--json'], { cwd, env: PROGRAMS });
    expect(answer.exit).toBe(0);
    expect(JSON.parse(answer.out)).toMatchObject({ schema: 'sluice.dev/support-bundle/v1' });
    const files = filesBelow(join(cwd, 'sluice-support'));
    expect(files['ledger/not-there.txt']).toContain('there is no ledger in');
    expect(files['server/not-asked.txt']).toContain('No server runs');
    expect(files['declaration/problems.json']).toContain('NO_PLATFORM');
  });

  it('CLI-58: a folder that holds something, and a wrong number, change nothing', async () => {
    const { cwd, run } = await place();
    expect(await run('--out', 'shop')).toMatchObject({
      exit: 1,
      err: expect.stringMatching(/FILES_EXIST.*\nNext: /),
    });
    expect(await run('--records', 'many')).toMatchObject({
      exit: 2,
      err: expect.stringContaining('BAD_LIMIT'),
    });
    expect(globSync('sluice-support', { cwd })).toEqual([]);
  });
});

describe('what is taken out of a text', () => {
  const clean = redactor(['s3cret/of+us', 'short']);
  it.each([
    ['a known value', 'x s3cret/of+us y', 'x [left out] y'],
    ['a known value in an address', 'a=s3cret%2Fof%2Bus', 'a=[left out]'],
    ['a known value in base64', Buffer.from('s3cret/of+us').toString('base64'), '[left out]'],
    ['a word of five letters stays', 'short', 'short'],
    ['a password in an address', 'postgres://me:pw@db/x', 'postgres://[left out]@db/x'],
    ['an address without one', 'https://prometheus:9090/a@b', 'https://prometheus:9090/a@b'],
    ['a header', 'Authorization: Bearer abcdefgh12345', 'Authorization: Bearer [left out]'],
    ['a signed token', 'x eyJhbGciOiJI.eyJzdWIiOiIx.c2ln y', 'x [left out] y'],
    ['a key', 'password: hunter2', 'password: [left out]'],
    ['a key in JSON', '{"clientSecret":"hunter2","a":1}', '{"clientSecret":"[left out]","a":1}'],
    ['a reference', 'token: { secretRef: { env: A_TOKEN } }', 'token: { secretRef: { env: A_TOKEN } }'],
    [
      'a private key',
      '-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\nafter',
      '-----BEGIN PRIVATE KEY-----[left out]\nafter',
    ],
    ['a token of a forge', 'ghp_0123456789abcdef0123', '[left out]'],
    ['words', 'the budget of checkout is spent', 'the budget of checkout is spent'],
  ])('CLI-59: %s', (_, text, expected) => expect(clean(text)).toBe(expected));

  it('CLI-59: variables are known by their names, and by those that the declaration names', () => {
    const env = { GITEA_TOKEN: 'a', PATH: 'b', LEDGER: 'c', EMPTY_TOKEN: '', GONE_TOKEN: undefined };
    expect(secretsOf(env, new Set(['LEDGER']))).toEqual(['a', 'c']);
  });
});
