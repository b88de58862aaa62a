import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EMPTY_HEAD, seal } from '../../src/ledger/record.ts';
import { temporaryFolder } from '../folder.ts';
import { writeLedger } from '../ledger-folder.ts';
import { runCli } from './run.ts';

describe('what init is told', () => {
  // Nobody answers there: who asked would be told of that.
  const LIVE = ['--service', 'checkout', '--prometheus', 'http://127.0.0.1:1'];
  it.each([
    [[...LIVE, '--label', '=='], 'BAD_VALUE: --label "": expected a Prometheus label name'],
    [[...LIVE, '--label', 'a-b=c'], 'BAD_VALUE: --label "a-b": expected a Prometheus label name'],
    [[...LIVE, '--namespace', 'A_B'], 'BAD_VALUE: --namespace "A_B": expected a name (RFC 1123)'],
    [[...LIVE, '--environment', 'p/q'], 'BAD_VALUE: --environment "p/q": expected a name (RFC 1123)'],
    [['--service', 'checkout', '--namespace', 'shop'], 'NO_PROMETHEUS: --namespace writes a Platform'],
    [['--example', 'shop', '--service', 'checkout'], 'USAGE: --service says nothing of an example'],
    [['--example', 'shop', '--namespace', 'shop'], 'USAGE: --namespace says nothing of an example'],
  ])('CLI-70: %j is refused before anything is asked or written', async (args, said) => {
    const cwd = temporaryFolder('init');
    const { exit, err } = await runCli(['init', ...args], { cwd });
    expect([exit, err]).toEqual([2, expect.stringMatching(/\nNext: \S/)]);
    expect(err).toContain(said);
    expect(readdirSync(cwd)).toEqual([]);
  });
});

describe('an anchor that is none', () => {
  it('CLI-71: it is refused in one line, without what the system or git calls it', async () => {
    const work = temporaryFolder('anchor');
    const actor = { id: 'local', kind: 'person' } as const;
    const open = { at: 1, type: 'policy.kept', v: 1, subject: 'policy', actor, cause: null, data: {} };
    await writeLedger(work, 'anchored', [seal('anchored', EMPTY_HEAD, open).record]);
    const verify = (anchor: string) => runCli(['ledger', 'verify', '--work', work, '--anchor', anchor]);
    const neither = 'is neither SEQ:HASH with a hash of 64 digits, nor a folder that is there';
    for (const anchor of ['12:abc', 'nowhere', join(work, 'ledger.sqlite')])
      expect(await verify(anchor)).toMatchObject({
        exit: 2,
        err: `BAD_ANCHOR: ${anchor} ${neither}\nNext: --anchor is SEQ:HASH, or the desired-state repository\n`,
      });
    const { err } = await verify(work);
    expect(err).toMatch(/^BAD_ANCHOR: no anchors can be read in .*\nNext: .*\n$/);
  });
});
