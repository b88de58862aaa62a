import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { createBrokenMark } from '../../src/app/broken-mark.ts';
import type { Io } from '../../src/cli/io.ts';
import { memoryLedger } from '../../src/ledger/adapters/memory/ledger.ts';
import { type LedgerRecord, seal } from '../../src/ledger/record.ts';
import { entry } from '../contract/ledger/contract.ts';
import { temporaryFolder } from '../folder.ts';
import { writeLedger } from '../ledger-folder.ts';
import { createHouse } from '../sim/harness.ts';
import { PROGRAMS, runCli } from './run.ts';

interface Vector {
  name: string;
  intervals: unknown[];
  expected: {
    firstPass: number | null;
    firstFail: number | null;
    firstStepBack?: number | null;
    at: {
      index: number;
      overBudget: number;
      worseThanStable: number;
      exposure: number;
      clumps?: number;
      verdict: string;
      stepBack?: boolean;
    }[];
  };
}
const vectors = (edition: 1 | 2) =>
  JSON.parse(
    readFileSync(join(import.meta.dirname, `../vectors/evidence-${edition}.json`), 'utf8'),
  ) as Vector[];

const scratch = () => temporaryFolder('cli');

async function sluice(args: string[], more: Partial<Io> = {}) {
  const cwd = more.cwd ?? scratch();
  return { ...(await runCli(args, { env: PROGRAMS, ...more, cwd })), cwd };
}

/** A work folder whose ledger holds a good and a bad release. */
async function workFolder(): Promise<string> {
  const house = await createHouse({ seed: 11 });
  house.world.seedHistory('1.0.0', 0);
  house.world.push('1.0.0', { errorRate: 0 });
  await house.until(() => house.state().state === 'Stable');
  house.world.push('1.1.0', { errorRate: 0.2 });
  await house.until(() => house.state().state === 'Recovery', 1_200_000);
  const work = scratch();
  await writeLedger(work, 'cli', await house.ledger.read());
  return work;
}

describe('sluice judge', () => {
  const both = ([1, 2] as const).flatMap((edition) =>
    vectors(edition).map((v) => [edition, v.name, v] as const),
  );
  it.each(both)('CLI-1: judge --trace --json, edition %i: %s', async (edition, _, vector) => {
    const cwd = scratch();
    writeFileSync(join(cwd, 'trace.json'), JSON.stringify(vector));
    const which = edition === 1 ? ['--edition', '1'] : [];
    const { exit, out, err } = await sluice(['judge', '--trace', 'trace.json', ...which, '--json'], { cwd });
    const { firstPass, firstFail, firstStepBack = null, at } = vector.expected;
    const answer = JSON.parse(out);
    expect(answer).toMatchObject({ schema: 'sluice.dev/judge/v1', firstPass, firstFail, firstStepBack });
    expect(answer.intervals).toHaveLength(vector.intervals.length);
    for (const e of at) {
      const got = answer.intervals[e.index];
      expect([got.verdict, got.stepBack]).toEqual([e.verdict, e.stepBack ?? false]);
      for (const n of ['overBudget', 'worseThanStable', 'exposure', 'clumps'] as const)
        if (e[n] !== undefined) expect(Math.abs(got[n] - e[n])).toBeLessThan(1e-9);
      expect(got.reasons.length).toBeGreaterThan(0);
    }
    expect(exit).toBe(firstFail === null && firstPass !== null ? 0 : 1);
    expect(err).toBe('');
  });

  it('CLI-2: a person sees both lines of evidence against the bar', async () => {
    const cwd = scratch();
    writeFileSync(join(cwd, 'trace.json'), JSON.stringify(vectors(2)[1]));
    const { out } = await sluice(['judge', '--trace', 'trace.json'], { cwd });
    expect(out).toContain('fails at interval 9');
    expect(out).toContain('bar 6.9');
    expect(out).toContain('worse than stable');
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  it.each([
    ['not json', 'TRACE_UNREADABLE'],
    ['[]', 'TRACE_IS_A_LIST'],
    ['{}', 'TRACE_INVALID'],
    ['{"settings":{"objective":1,"steps":2},"intervals":[]}', 'TRACE_SETTINGS'],
    [
      '{"settings":{"objective":0.99,"steps":2},"intervals":[{"step":0,"canary":{"total":1,"bad":2},"stable":null}]}',
      'TRACE_INVALID',
    ],
    [
      '{"settings":{"objective":0.99,"steps":1},"intervals":[{"step":3,"canary":null,"stable":null}]}',
      'TRACE_SETTINGS',
      '1',
    ],
    ['{"settings":{"objective":0.99},"intervals":[]}', 'TRACE_SETTINGS', '1'],
    ['{"settings":{"objective":0.99,"witnesses":1},"intervals":[]}', 'TRACE_SETTINGS'],
    [
      '{"settings":{"objective":0.99},"intervals":[{"step":1,"canary":null,"stable":null},{"step":0,"canary":null,"stable":null}]}',
      'TRACE_INVALID',
    ],
    ['{"settings":{"objective":0.99,"witneses":3},"intervals":[]}', 'TRACE_INVALID'],
    ['{"settings":{"objective":0.99,"alpha":1e-320},"intervals":[]}', 'TRACE_SETTINGS'],
  ])('CLI-3: the trace %s is refused with exit 2 and a next step', async (text, code, edition = '2') => {
    const cwd = scratch();
    writeFileSync(join(cwd, 'trace.json'), text);
    const { exit, out } = await sluice(['judge', '--trace', 'trace.json', '--edition', edition, '--json'], {
      cwd,
    });
    expect(exit).toBe(2);
    expect(JSON.parse(out)).toMatchObject({
      schema: 'sluice.dev/error/v1',
      error: { code, next: expect.any(String) },
    });
  });
});

describe('names in a trace', () => {
  const interval = { step: 0, canary: { total: 1, bad: 0 }, stable: null };
  it.each([
    [{ settings: { objective: 0.99, witneses: 3 } }, 'settings.witneses', 'witnesses'],
    [{ settings: { objective: 0.99, intervalSecs: 5 } }, 'settings.intervalSecs', 'intervalSeconds'],
    [{ setings: { objective: 0.99 } }, 'setings', 'settings'],
    [{ settings: { objective: 0.99 }, histroy: [] }, 'histroy', 'history'],
    [
      { settings: { objective: 0.99 }, intervals: [{ ...interval, stabel: null }] },
      'intervals[0].stabel',
      'stable',
    ],
  ])('JUDGE-22: %j is refused', async (given, path, near) => {
    const cwd = scratch();
    writeFileSync(join(cwd, 'trace.json'), JSON.stringify({ intervals: [interval], ...given }));
    const { exit, err } = await sluice(['judge', '--trace', 'trace.json'], { cwd });
    expect(exit).toBe(2);
    expect(err).toContain(`TRACE_INVALID: trace.json: ${path}: unknown field`);
    expect(err).toContain(`did you mean "${near}"?`);
  });

  it('JUDGE-22: steps is accepted, whatever the edition', async () => {
    const cwd = scratch();
    writeFileSync(
      join(cwd, 'trace.json'),
      JSON.stringify({ settings: { objective: 0.99, steps: 2 }, intervals: [interval] }),
    );
    for (const edition of ['1', '2'])
      expect(await sluice(['judge', '--trace', 'trace.json', '--edition', edition], { cwd })).toMatchObject({
        exit: 1,
        err: '',
      });
  });
});

describe('sluice init and validate', () => {
  it('CLI-47: init --example writes an example that validates, and never over files', async () => {
    const first = await sluice(['init', 'mine', '--example', 'shop']);
    expect(first.exit).toBe(0);
    const valid = await sluice(['validate', 'mine', '--json'], { cwd: first.cwd });
    expect(valid.exit).toBe(0);
    expect(JSON.parse(valid.out)).toMatchObject({
      ok: true,
      services: ['frontend', 'cart', 'checkout', 'payment'],
    });
    const again = await sluice(['init', 'mine', '--example', 'shop'], { cwd: first.cwd });
    expect(again.exit).toBe(1);
    expect(again.err).toContain('nothing was written');
  });

  it('CLI-5: validate tells every problem with file and line, and exits 2', async () => {
    const { cwd } = await sluice(['init', '.', '--example', 'shop']);
    const file = join(cwd, 'platform.yaml');
    writeFileSync(
      file,
      readFileSync(file, 'utf8')
        .replace('[checkout-availability]', '[chekout-availability]')
        .replace('mode: enforce', 'mode: maybe'),
    );
    const { exit, err } = await sluice(['validate', '.'], { cwd });
    expect(exit).toBe(2);
    expect(err).toMatch(/platform\.yaml:\d+: spec\.environments\[0\]\.mode: expected observe or enforce/);
    expect(err).toContain('Fix these lines');
    const json = await sluice(['validate', '.', '--json'], { cwd });
    expect(JSON.parse(json.out)).toMatchObject({
      ok: false,
      error: { file: 'platform.yaml', line: expect.any(Number) },
    });
  });

  it.each([
    [['validate', 'nowhere'], 2],
    [['validate', '.'], 2],
    [['serve', 'nowhere'], 2],
    [['nonsense'], 2],
    [['judge'], 2],
    [['ledger', 'list'], 2],
    [['status'], 3],
    [['release', 'abort', 'checkout', 'prod'], 2],
    [['release', 'lift', 'checkout', 'prod'], 2],
    [['release', 'lift', 'checkout', 'prod', '--reason', 'x'], 2],
    [['release', 'abort', 'checkout', 'prod', '--reason', 'x'], 2],
    [['token', 'create', 'x', '--scope', 'everything'], 2],
    [['ledger', 'verify', '--file', 'nowhere'], 2],
    [['ledger', 'verify', '--file', 'package.json', '--anchor', 'x'], 2],
    [['--help'], 0],
    [['--version'], 0],
  ])('CLI-6: %j exits %i', async (args, exit) => expect((await sluice(args as string[])).exit).toBe(exit));

  it('CLI-6: under --json an error is one document on stdout, and stderr is silent', async () => {
    const { out, err, exit } = await sluice(['status', '--json']);
    expect(JSON.parse(out)).toMatchObject({
      schema: 'sluice.dev/error/v1',
      error: { code: 'NO_SERVER', next: expect.any(String) },
    });
    expect([err, exit]).toEqual(['', 3]);
  });

  it('CLI-7: colour only on a terminal, and never under NO_COLOR', async () => {
    const cwd = scratch();
    writeFileSync(join(cwd, 't.json'), JSON.stringify(vectors(2)[0]));
    const args = ['judge', '--trace', 't.json'];
    expect((await sluice(args, { cwd })).out).not.toContain('\u001b');
    expect((await sluice(args, { cwd, outTty: true })).out).toContain('\u001b');
    expect((await sluice(args, { cwd, outTty: true, env: { NO_COLOR: '1' } })).out).not.toContain('\u001b');
  });
});

describe('sluice render', () => {
  it('CLI-11: render writes what differs, and --check finds drift and nothing else', async () => {
    const { cwd } = await sluice(['init', '.', '--example', 'shop']);
    const render = (...more: string[]) => sluice(['render', '.', '--out', 'out', ...more], { cwd });
    expect((await render('--check')).exit).toBe(1);
    expect((await render()).out).toContain('prod/prometheus/rules.yml');
    expect((await render('--check')).exit).toBe(0);
    expect((await render()).out).toContain('Nothing to write');
    const file = join(cwd, 'out/prod/prometheus/rules.yml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('>= 14', '>= 15'));
    const drift = await render('--check');
    expect([drift.exit, drift.out]).toEqual([1, expect.stringMatching(/^-.*>= 15[\s\S]*^\+.*>= 14/m)]);
    expect(readFileSync(file, 'utf8')).toContain('>= 15');
    expect(JSON.parse((await render('--json')).out)).toMatchObject({
      changed: [{ path: 'prod/prometheus/rules.yml', state: 'changed' }],
    });
    expect(readFileSync(file, 'utf8')).not.toContain('>= 15');
  });

  it('CLI-11: a folder that cannot be written leaves everything as it was', async () => {
    const { cwd } = await sluice(['init', '.', '--example', 'shop']);
    writeFileSync(join(cwd, 'out'), 'a file, not a folder');
    const refused = await sluice(['render', '.', '--out', 'out'], { cwd });
    expect([refused.exit, refused.err]).toEqual([3, expect.stringContaining('nothing was written')]);
  });
});

describe('sluice ledger', () => {
  it('CLI-8: list, show and explain tell in plain words, without a server too', async () => {
    const work = await workFolder();
    const list = await sluice(['ledger', 'list', '--work', work, '--type', 'lane.moved']);
    expect(list.out).toContain('Evaluating → Abort');
    expect(JSON.parse((await sluice(['ledger', 'show', '1', '--work', work, '--json'])).out)).toMatchObject({
      record: { seq: 1, type: 'release.opened' },
    });
    const explained = await sluice(['ledger', 'explain', 'checkout.prod.2', '--work', work]);
    expect(explained.out).toMatch(
      /was rolled back .* after its first request: \d+% of \d+ requests failed, stable 0%/,
    );
    expect(explained.out).toMatch(
      /over budget [\d.]+ of 6\.91 \(yes\); worse than stable [\d.]+ of 6\.91 \(yes\)/,
    );
    expect((await sluice(['ledger', 'explain', 'checkout.prod.9', '--work', work])).exit).toBe(1);
  });

  it('CLI-9: an export that was changed, shortened in the middle, reordered or cut is found', async () => {
    const work = await workFolder();
    const { out } = await sluice(['ledger', 'export', '--work', work]);
    const lines = out.trimEnd().split('\n');
    const verify = async (texts: string[], ...more: string[]) => {
      const cwd = scratch();
      writeFileSync(join(cwd, 'a.jsonl'), `${texts.join('\n')}\n`);
      return sluice(['ledger', 'verify', '--file', 'a.jsonl', ...more], { cwd });
    };
    expect((await verify(lines)).exit).toBe(0);
    const empty = await verify([]);
    expect(empty).toMatchObject({ exit: 2, err: expect.stringMatching(/NO_RECORDS[\s\S]*Next: export/) });
    expect(empty.out).not.toContain('verified');
    const changed = await verify(lines.with(4, lines[4]!.replace('"v":1', '"v":2')));
    expect([changed.exit, changed.out]).toEqual([1, expect.stringContaining('record 5 was changed')]);
    const dropped = await verify(lines.toSpliced(6, 1));
    expect([dropped.exit, dropped.out]).toEqual([1, expect.stringContaining('7 is missing')]);
    expect((await verify(lines.with(2, lines[3]!).with(3, lines[2]!))).exit).toBe(1);
    const head = JSON.parse(lines.at(-1)!) as { seq: number; hash: string };
    const cut = lines.slice(0, -3);
    expect((await verify(cut)).exit).toBe(0);
    const anchored = await verify(cut, '--anchor', `${head.seq}:${head.hash}`);
    expect([anchored.exit, anchored.out]).toEqual([1, expect.stringContaining('the tail was cut')]);
    expect((await verify(lines, '--anchor', `${head.seq}:${head.hash}`)).exit).toBe(0);
  });

  it('LEDGER-29: an export whose texts hold what ends a line elsewhere verifies, with either end of its lines', async () => {
    const ledger = memoryLedger('t');
    await ledger.append([
      entry(1, { data: { reason: 'one\u2028two\u2029three\u0085four\r\nfive' } }),
      entry(2),
    ]);
    const cwd = scratch();
    for (const end of ['\n', '\r\n']) {
      writeFileSync(join(cwd, 'a.jsonl'), (await ledger.texts()).map((text) => text + end).join(''));
      const { exit, out } = await sluice(['ledger', 'verify', '--file', 'a.jsonl'], { cwd });
      expect([exit, out]).toEqual([0, expect.stringContaining('2 records')]);
    }
  });

  it('CLI-9: a record of an export that was rewritten with a hash that fits is found by the one after it', async () => {
    const work = await workFolder();
    const { out } = await sluice(['ledger', 'export', '--work', work]);
    const lines = out.trimEnd().split('\n');
    const records = lines.map((line) => JSON.parse(line) as LedgerRecord);
    const rewritten = (at: number) =>
      lines.with(at, seal(records[at]!.ledger, records[at - 1]!, { ...records[at]!, data: {} }).text);
    const cwd = scratch();
    const verify = async (texts: string[], ...more: string[]) => {
      writeFileSync(join(cwd, 'a.jsonl'), `${texts.join('\n')}\n`);
      return sluice(['ledger', 'verify', '--file', 'a.jsonl', ...more], { cwd });
    };
    const middle = await verify(rewritten(4));
    expect([middle.exit, middle.out]).toEqual([
      1,
      expect.stringContaining('record 6 does not follow the record before it'),
    ]);
    // Nothing follows the last one: only an anchor tells.
    const last = rewritten(lines.length - 1);
    const { seq, hash } = records.at(-1)!;
    expect((await verify(last)).exit).toBe(0);
    const anchored = await verify(last, '--anchor', `${seq}:${hash}`);
    expect([anchored.exit, anchored.out]).toEqual([
      1,
      expect.stringContaining(`record ${seq} is not the one that was anchored`),
    ]);
  });

  it('CLI-10: with no server, an order and a token go into the ledger itself, and the chain stays whole', async () => {
    const work = await workFolder();
    const order = await sluice([
      'release',
      'abort',
      'checkout',
      'prod',
      '--reason',
      'by hand',
      '--work',
      work,
      '--json',
    ]);
    expect(order.exit).toBe(0);
    const { seq } = JSON.parse(order.out) as { seq: number };
    const shown = JSON.parse((await sluice(['ledger', 'show', String(seq), '--work', work, '--json'])).out);
    expect(shown.record).toMatchObject({
      type: 'command.accepted',
      actor: { id: 'local' },
      data: { reason: 'by hand' },
    });
    const token = await sluice(['token', 'create', 'ci', '--scope', 'operate', '--work', work]);
    expect(token.out).toContain('sluice_');
    const secret = token.out.split('\n')[0]!;
    expect((await sluice(['ledger', 'export', '--work', work])).out).not.toContain(secret);
    expect((await sluice(['release', 'abort', 'nope', 'prod', '--reason', 'x', '--work', work])).exit).toBe(
      1,
    );
    expect((await sluice(['ledger', 'verify', '--work', work])).exit).toBe(0);
  });

  it('CLI-57: with no server, nothing goes on a chain that was found broken, until it verifies', async () => {
    const work = await workFolder();
    const database = new DatabaseSync(join(work, 'ledger.sqlite'));
    const { text } = database.prepare('SELECT text FROM records WHERE seq = 2').get() as { text: string };
    const put = database.prepare('UPDATE records SET text = ? WHERE seq = 2');
    put.run(text.replace('"v":1', '"v":2'));
    // What a server leaves behind when it finds it.
    createBrokenMark(work).set();
    const orders = [
      ['release', 'abort', 'checkout', 'prod', '--reason', 'by hand', '--work', work],
      ['token', 'create', 'ci', '--scope', 'operate', '--work', work],
    ];
    for (const order of orders) {
      const refused = await sluice(order);
      expect([refused.exit, refused.err]).toEqual([3, expect.stringMatching(/LEDGER_BROKEN.*\nNext: /)]);
      expect(refused.out).toBe('');
    }
    put.run(text);
    database.close();
    for (const order of orders) expect((await sluice(order)).exit).toBe(0);
    expect((await sluice(['ledger', 'verify', '--work', work])).exit).toBe(0);
  });
});

describe('sluice import, test and replay', () => {
  const SLOTH = join(import.meta.dirname, '../vectors/sloth');
  it('CLI-12: import sloth writes OpenSLO that validates, never over files, and says what is left', async () => {
    const cwd = scratch();
    const done = await sluice(['import', 'sloth', join(SLOTH, 'getting-started.yml'), '--out', 'slos'], {
      cwd,
    });
    expect([done.exit, done.out]).toEqual([0, expect.stringContaining('1 of 1 SLOs')]);
    expect((await sluice(['validate', 'slos'], { cwd })).exit).toBe(0);
    expect((await sluice(['render', 'slos', '--out', 'out'], { cwd })).exit).toBe(0);
    expect(readFileSync(join(cwd, 'out/prometheus/rules.yml'), 'utf8')).toContain('slo:burn_rate_5m');
    const again = await sluice(['import', 'sloth', join(SLOTH, 'getting-started.yml'), '--out', 'slos'], {
      cwd,
    });
    expect([again.exit, again.err]).toEqual([2, expect.stringContaining('would be overwritten')]);
    const part = await sluice(
      ['import', 'sloth', join(SLOTH, 'plugin-getting-started.yml'), '--out', 'p', '--json'],
      { cwd },
    );
    expect([part.exit, JSON.parse(part.out).slos[0].as]).toEqual([1, null]);
    expect((await sluice(['import', 'sloth', 'nowhere'], { cwd })).exit).toBe(2);
    const { exit, err } = await sluice(['import', 'sloth', cwd], { cwd });
    expect([exit, err]).toEqual([2, expect.stringContaining('no document of version prometheus/v1')]);
  });

  it('CLI-15: import flagger writes a declaration that validates and observes first, and says what is left', async () => {
    const cwd = scratch();
    const FLAGGER = join(import.meta.dirname, '../vectors/flagger');
    const done = await sluice(
      ['import', 'flagger', join(FLAGGER, 'linkerd-canary-steps.yaml'), '--out', 'd'],
      { cwd },
    );
    expect([done.exit, done.out]).toEqual([0, expect.stringContaining('2 of 2 checks')]);
    expect(done.out).toContain('a release is stopped by the evidence rule');
    const valid = await sluice(['validate', 'd', '--json'], { cwd });
    expect(valid.exit).toBe(0);
    const platform = readFileSync(join(cwd, 'd/platform.yaml'), 'utf8');
    expect(platform).toContain('mode: observe');
    expect(platform).toMatch(/steps:\n\s+- 5\n[\s\S]*- 55\n\s+- 100/);
    const again = await sluice(
      ['import', 'flagger', join(FLAGGER, 'linkerd-canary-steps.yaml'), '--out', 'd'],
      { cwd },
    );
    expect([again.exit, again.err]).toEqual([2, expect.stringContaining('would be overwritten')]);
    const part = await sluice(
      ['import', 'flagger', join(FLAGGER, 'kuma-canary.yaml'), '--out', 'p', '--json'],
      { cwd },
    );
    expect([part.exit, JSON.parse(part.out).canaries[0].checks.map((c: { as: string }) => c.as)]).toEqual([
      1,
      [null, null],
    ]);
    expect((await sluice(['import', 'flagger', 'nowhere'], { cwd })).exit).toBe(2);
    const none = await sluice(['import', 'flagger', join(import.meta.dirname, '../vectors/sloth')], { cwd });
    expect([none.exit, none.err]).toEqual([2, expect.stringContaining('no Canary of flagger.app')]);
    writeFileSync(
      join(cwd, 'broken.yaml'),
      'apiVersion: flagger.app/v1beta1\nkind: Canary\nmetadata: { name: a }\nspec: {}\n',
    );
    const broken = await sluice(['import', 'flagger', 'broken.yaml'], { cwd });
    expect([broken.exit, broken.err]).toEqual([1, expect.stringContaining('broken.yaml:4: spec.targetRef')]);
  });

  it('CLI-15: templates become guards with their names filled in; what is not asked of Prometheus is left out', async () => {
    const cwd = scratch();
    const canary = `apiVersion: flagger.app/v1beta1
kind: Canary
metadata: { name: shop, namespace: prod }
spec:
  provider: nginx
  targetRef: { kind: Deployment, name: shop }
  ingressRef: { name: shop-ingress }
  analysis:
    interval: 30s
    maxWeight: 60
    stepWeight: 20
    metrics:
      - { name: request-success-rate, thresholdRange: { min: 99.5 } }
      - { name: "404s percentage", templateRef: { name: not-found }, thresholdRange: { max: 5 } }
      - { name: datadog, templateRef: { name: dd }, thresholdRange: { max: 1 } }
      - { name: nobody, templateRef: { name: missing }, thresholdRange: { max: 1 } }
---
apiVersion: flagger.app/v1beta1
kind: MetricTemplate
metadata: { name: not-found }
spec:
  provider: { type: prometheus, address: "http://x" }
  query: |
    100 * sum(rate(http_requests_total{namespace="{{ namespace }}",app="{{ target }}",code="404"}[{{ interval }}]))
---
apiVersion: flagger.app/v1beta1
kind: MetricTemplate
metadata: { name: dd }
spec: { provider: { type: datadog }, query: "avg:x" }
`;
    writeFileSync(join(cwd, 'c.yaml'), canary);
    const done = await sluice(['import', 'flagger', 'c.yaml', '--out', 'd'], { cwd });
    expect(done.exit).toBe(1);
    expect(done.out).toMatch(/datadog +left out +it queries datadog/);
    expect(done.out).toMatch(
      /nobody +left out +its template "missing" of namespace prod is not in these files/,
    );
    const platform = readFileSync(join(cwd, 'd/platform.yaml'), 'utf8');
    expect(platform).toContain('namespace="prod",app="shop",code="404"}[1m]');
    expect(platform).toMatch(/- 20\n\s+- 40\n\s+- 60\n\s+- 100/);
    expect(readFileSync(join(cwd, 'd/shop.yaml'), 'utf8')).toContain('target: 0.995');
    expect((await sluice(['validate', 'd'], { cwd })).exit).toBe(0);
  });

  it('CLI-13: a case that fails shows what was expected, what came, and the series as a chart', async () => {
    const { cwd } = await sluice(['init', '.', '--example', 'shop']);
    const cases = (expected: string) => `apiVersion: sluice.dev/v1
kind: SloTest
metadata: { name: c }
spec:
  interval: 1m
  cases:
    - name: half fail
      input:
        - { series: 'http_requests_total{service="checkout",code="200"}', values: '0+10x12' }
        - { series: 'http_requests_total{service="checkout",code="500"}', values: '0+10x12' }
      expect: [{ at: 10m, slo: checkout-availability, burn: { 5m: ${expected} } }]
`;
    writeFileSync(join(cwd, 'cases.yaml'), cases('500'));
    const held = await sluice(['test', '.'], { cwd });
    expect([held.exit, held.out]).toEqual([0, expect.stringContaining('1 cases passed')]);
    writeFileSync(join(cwd, 'cases.yaml'), cases("'< 14'"));
    const failed = await sluice(['test', '.'], { cwd });
    expect([failed.exit, failed.out]).toEqual([
      1,
      expect.stringMatching(/expected < 14\n\s+got {6}500\n[\s\S]*\|.*\*/),
    ]);
    expect(JSON.parse((await sluice(['test', '.', '--json'], { cwd })).out)).toMatchObject({
      schema: 'sluice.dev/test/v1',
      ok: false,
    });
    writeFileSync(join(cwd, 'cases.yaml'), cases('500').replace('0+10x12', '0+10y12'));
    const wrong = await sluice(['test', '.'], { cwd });
    expect([wrong.exit, wrong.out]).toEqual([2, expect.stringContaining('cases.yaml:7')]);
    writeFileSync(join(cwd, 'cases.yaml'), cases('500').replace('checkout-availability', 'checkout-avail'));
    expect((await sluice(['test', '.'], { cwd })).out).toContain('no SLO is named');
  });

  it.each([
    [['render', '.', '--out', ''], 'the value of --out is empty'],
    [['render', '.', '--out='], 'the value of --out is empty'],
    [['status', '--server', ''], 'the value of --server is empty'],
    [['replay', '.', '--file', ''], 'the value of --file is empty'],
    [['rollback', 'checkout', 'prod', '--reason', 'x', '--work', ''], 'the value of --work is empty'],
    [['validate', ''], 'an argument is empty'],
    [['import', 'rollouts', '--', ''], 'an argument is empty'],
  ])('CLI-69: %j is refused: a variable of a script may not be set', async (args, message) => {
    const cwd = temporaryFolder('empty');
    const said = await sluice(args, { cwd });
    expect(said).toMatchObject({
      exit: 2,
      out: '',
      err: `EMPTY_VALUE: ${message}\nNext: write one; in a script, check the variable that it comes from\n`,
    });
    expect(readdirSync(cwd)).toEqual([]);
    const { exit, out } = await sluice([...args, '--json'], { cwd });
    expect([exit, JSON.parse(out).error]).toMatchObject([2, { code: 'EMPTY_VALUE', message }]);
  });

  it('CLI-14: replay of an export; a changed byte of it is found, a wrong time refused', async () => {
    const { cwd } = await sluice(['init', '.', '--example', 'shop']);
    const refused = await sluice(['replay', '.', '--from', 'yesterday'], { cwd });
    expect([refused.exit, refused.err]).toEqual([2, expect.stringContaining('is not a time')]);
    writeFileSync(join(cwd, 'empty.jsonl'), '');
    const none = await sluice(['replay', '.', '--file', 'empty.jsonl'], { cwd });
    expect([none.exit, none.err]).toEqual([
      2,
      expect.stringMatching(/empty\.jsonl: it holds no record\nNext: /),
    ]);
    writeFileSync(join(cwd, 'torn.jsonl'), '{"seq":1}\n');
    const torn = await sluice(['replay', '.', '--file', 'torn.jsonl'], { cwd });
    expect(torn).toMatchObject({ exit: 1, err: expect.stringContaining('ledger verify --file torn.jsonl') });
    expect((await sluice(['budget', 'list'], { cwd })).exit).toBe(3);
    expect((await sluice(['budget', 'exclude', 'x', 'prod'], { cwd })).err).toContain('--from');
    expect((await sluice(['render', '.', '--out', 'o', '--format', 'helm'], { cwd })).exit).toBe(2);
  });
});
