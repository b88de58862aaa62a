import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SAMPLES } from '../../scripts/samples.ts';
import { compile } from '../../src/controller/compile.ts';
import { gitAnchors } from '../../src/gitops/adapters/git/anchors.ts';
import { git } from '../../src/gitops/adapters/git/program.ts';
import { EMPTY_HEAD, type LedgerRecord, seal } from '../../src/ledger/record.ts';
import { temporaryFolder } from '../folder.ts';
import { desired, gateHouse, platformText, SLOS } from '../gate/harness.ts';
import { writeLedger } from '../ledger-folder.ts';
import { POLICY } from '../policy/engines.ts';
import { PROGRAMS, runCli } from './run.ts';

const scratch = () => temporaryFolder('cli');
const sluice = (args: string[], cwd = scratch()) => runCli(args, { cwd, env: PROGRAMS });
const sample = (file: string) => join(POLICY, 'samples', file);
const UNREACHABLE = ['SOURCE_UNAVAILABLE', 'SOURCE_NONSENSE'];

describe('sluice gate', () => {
  it.each(SAMPLES.map((s) => [s.file, s] as const))(
    'GATE-19: --input %s exits as it is decided',
    async (file, s) => {
      const { exit, out, err } = await sluice(['gate', '--input', sample(file), '--json']);
      const decision = JSON.parse(out);
      expect(out.trim().split('\n')).toHaveLength(1);
      expect(err).toBe('');
      expect(decision).toMatchObject({ schema: 'sluice.dev/decision/v1', allow: s.deny.length === 0 });
      expect([...new Set(decision.deny.map((d: { code: string }) => d.code))]).toEqual(s.deny);
      expect(exit).toBe(s.deny.length === 0 ? 0 : s.deny.some((c) => UNREACHABLE.includes(c)) ? 3 : 1);
      for (const field of [
        'id',
        'warn',
        'waiversUsed',
        'recorded',
        'policy',
        'inputDigest',
        'evaluatedAt',
        'validUntil',
      ])
        expect(decision).toHaveProperty(field);
    },
  );

  it('GATE-19: to a person: one line a reason, what would unblock it', async () => {
    const { out } = await sluice(['gate', '--input', sample('budget.denied.json')]);
    expect(out).toMatch(
      /^deny {2}Denied: the error budget of checkout-availability in prod is spent: overspent by 25\.0%/,
    );
    expect(out).toContain('To unblock: wait until enough of the bad requests have left the window');
    expect(out).toMatch(/Re-evaluated within 10 min.*\nDecision d-|Re-evaluated within 10 min.*Decision d-/s);
  });

  it('GATE-31: facts with a time that cannot be are refused with their path, and not decided on', async () => {
    const file = join(scratch(), 'facts.json');
    writeFileSync(
      file,
      JSON.stringify({ ...JSON.parse(readFileSync(sample('budget.allowed.json'), 'utf8')), now: -1 }),
    );
    const { exit, err, out } = await sluice(['gate', '--input', file]);
    expect([exit, out]).toEqual([2, '']);
    expect(err).toBe(
      `INPUT_NONSENSE: ${file}: now: expected a time in milliseconds since 1970, got -1\nNext: see policy/samples for complete facts\n`,
    );
  });

  it.each([
    [['gate'], 2, 'USAGE'],
    [['gate', '7', '--input', 'x'], 2, 'USAGE'],
    [['gate', 'seven'], 2, 'BAD_NUMBER'],
    [['gate', '--input', 'nowhere.json'], 2, 'INPUT_UNREADABLE'],
    [['gate', '7', '--declaration', 'nowhere'], 2, 'NO_SUCH_FOLDER'],
    [['freeze', 'on', 'prod', '--until', '2h'], 2, 'NO_REASON'],
    [['freeze', 'on', 'prod', '--reason', 'x'], 2, 'NO_UNTIL'],
    [['freeze', 'on', 'a/b/c', '--reason', 'x', '--until', '2h'], 2, 'BAD_SCOPE'],
    [['freeze', 'on', 'prod', '--reason', 'x', '--until', 'friday'], 2, 'BAD_TIME'],
    [['freeze', 'off', 'f1'], 2, 'NO_REASON'],
    [['freeze', 'list'], 3, 'NO_SERVER'],
    [['waiver', 'grant', 'prod', '--reason', 'x'], 2, 'NO_EXPIRES'],
    [['waiver', 'approve', 'w1'], 2, 'NO_REASON'],
    [['waiver', 'list'], 3, 'NO_SERVER'],
    [['pull', 'merge', 'x'], 2, 'BAD_NUMBER'],
    [['pull', 'list'], 3, 'NO_SERVER'],
    [['ledger', 'replay', 'd-0123456789abcdef'], 2, 'NO_LEDGER'],
    [['ledger', 'export', '--format', 'xml'], 2, 'BAD_FORMAT'],
  ])('GATE-19: %j exits %i with %s and a next step', async (args, exit, code) => {
    const done = await sluice([...args, ...(args[1] === 'export' ? [] : ['--json'])]);
    expect(done.exit).toBe(exit);
    if (args[1] === 'export') expect(done.err).toContain(code);
    else
      expect(JSON.parse(done.out)).toMatchObject({
        schema: 'sluice.dev/error/v1',
        error: { code, next: expect.any(String) },
      });
  });

  it('GATE-19: a forge that does not answer is exit 3, and never an allow', async () => {
    const cwd = scratch();
    const forge =
      'gitea: { address: "http://127.0.0.1:9", repository: a/b, token: { secretRef: { file: token } }, webhookSecret: { secretRef: { file: token } } }';
    writeFileSync(join(cwd, 'token'), 'x');
    writeFileSync(
      join(cwd, 'platform.yaml'),
      platformText()
        .replace('local: true', forge)
        .replaceAll('file: token', `file: ${join(cwd, 'token')}`),
    );
    writeFileSync(join(cwd, 'slos.yaml'), SLOS);
    const { exit, out } = await sluice(['gate', '7', '--json'], cwd);
    expect(exit).toBe(3);
    expect(JSON.parse(out)).toMatchObject({ allow: false, deny: [{ code: 'FORGE_UNAVAILABLE' }] });
  });
});

/** A work folder whose ledger holds decisions, and a repository in which its head is anchored. */
async function decidedFolder() {
  const h = await gateHouse();
  h.numbers.left = -0.25;
  const number = await h.open({ 'environments/prod/checkout.yaml': desired('1.9.0', 'f') });
  await h.tick();
  const work = scratch();
  const { seq, hash } = await writeLedger(work, 'gate', await h.ledger.read());
  const repository = join(scratch(), 'anchors.git');
  await git(work, ['init', '--quiet', '--bare', repository]);
  const anchors = gitAnchors(repository, null);
  expect(await anchors.write({ ledger: 'gate', seq, hash, at: 1 }, [])).toMatchObject({ ok: true });
  const decision = h.decision(number).id;
  h.close();
  return { work, repository, decision, seq, hash };
}

/** The hash of a record of a work folder. */
async function hashAt(work: string, seq: number): Promise<string> {
  const shown = await sluice(['ledger', 'show', String(seq), '--work', work, '--json']);
  return (JSON.parse(shown.out) as { record: LedgerRecord }).record.hash;
}

describe('sluice ledger, as audit', () => {
  it('AUDIT-1: a decision is explained and recomputed', async () => {
    const { work, decision } = await decidedFolder();
    const told = await sluice(['ledger', 'explain', decision, '--work', work]);
    expect(told.out).toMatch(/Denied, BUDGET_EXHAUSTED: .*overspent by 25\.0%, 125 bad of 100000/);
    const replayed = await sluice(['ledger', 'replay', decision, '--work', work, '--json']);
    expect(replayed.exit).toBe(0);
    expect(JSON.parse(replayed.out)).toMatchObject({
      same: true,
      inputSame: true,
      policySame: true,
      was: { allow: false },
    });
    expect((await sluice(['ledger', 'replay', 'd-0123456789abcdef', '--work', work])).exit).toBe(1);
    expect((await sluice(['ledger', 'list', '--work', work])).out).toContain('Denied: the error budget');
  });

  it('AUDIT-3: one byte, one line, two swapped, a cut tail: each is found and the record named', async () => {
    const { work, repository, seq, hash } = await decidedFolder();
    const lines = (await sluice(['ledger', 'export', '--work', work])).out.trim().split('\n');
    const cwd = scratch();
    const verify = async (text: string[], ...more: string[]) => {
      writeFileSync(join(cwd, 'a.jsonl'), `${text.join('\n')}\n`);
      const done = await sluice(['ledger', 'verify', '--file', 'a.jsonl', '--json', ...more], cwd);
      return { exit: done.exit, ...JSON.parse(done.out) };
    };
    expect(await verify(lines, '--anchor', repository)).toMatchObject({
      exit: 0,
      ok: true,
      anchored: seq,
      unanchored: 0,
    });
    const at = lines.findIndex((line) => line.includes('"gate.decided"'));
    const changed = lines.with(at, lines[at]!.replace('"allow":false', '"allow":true '));
    expect(changed[at]).not.toBe(lines[at]);
    expect(await verify(changed)).toMatchObject({ exit: 1, breaks: [{ seq: at + 1, code: 'CHANGED' }] });
    expect(await verify(lines.toSpliced(1, 1))).toMatchObject({ exit: 1, breaks: [{ seq: 3, code: 'GAP' }] });
    expect((await verify([lines[1]!, lines[0]!, ...lines.slice(2)])).exit).toBe(1);
    const cut = lines.slice(0, -1);
    expect(await verify(cut)).toMatchObject({ exit: 0, anchored: null });
    for (const anchor of [repository, `${seq}:${hash}`])
      expect(await verify(cut, '--anchor', anchor)).toMatchObject({
        exit: 1,
        breaks: [{ seq, code: 'GAP' }],
      });
    const forged = `${seq}:${'0'.repeat(64)}`;
    expect(await verify(lines, '--anchor', forged)).toMatchObject({ exit: 1, breaks: [{ code: 'CHANGED' }] });
    expect(
      (await sluice(['ledger', 'verify', '--file', 'a.jsonl', '--anchor', 'nowhere', '--json'], cwd)).exit,
    ).toBe(2);
  });

  it('ANCHOR-6: a chain that was rehashed verifies by itself, and not by its anchors: from where on, and what is anchored, is said', async () => {
    const { work, repository } = await decidedFolder();
    const lines = (await sluice(['ledger', 'export', '--work', work])).out.trim().split('\n');
    const records = lines.map((line) => JSON.parse(line) as LedgerRecord);
    const store = gitAnchors(repository, null);
    for (const { ledger, seq, hash } of records.slice(0, 2)) {
      const kept = await store.read(ledger, 10);
      if (!kept.ok) throw new Error(kept.error.message);
      expect(await store.write({ ledger, seq, hash, at: 1 }, kept.value.tips)).toMatchObject({ ok: true });
    }
    let head = EMPTY_HEAD;
    const forged = records.map((record) => {
      const data = record.seq === 2 ? { forged: true } : record.data;
      const { text, record: made } = seal(record.ledger, head, { ...record, data });
      head = { seq: made.seq, hash: made.hash };
      return text;
    });
    const cwd = scratch();
    const verify = async (texts: string[], ...more: string[]) => {
      writeFileSync(join(cwd, 'a.jsonl'), `${texts.join('\n')}\n`);
      return sluice(['ledger', 'verify', '--file', 'a.jsonl', '--anchor', repository, ...more], cwd);
    };
    expect((await sluice(['ledger', 'verify', '--file', 'a.jsonl'], cwd)).exit).toBe(2);
    const [honest, found] = [await verify(lines), await verify(forged)];
    expect([honest.exit, honest.out]).toEqual([
      0,
      expect.stringContaining(`Anchored up to #${lines.length}; 0 records`),
    ]);
    expect(found.exit).toBe(1);
    expect(found.out).toContain('record 2 is not the one that was anchored; so it is with 1 later anchor');
    expect(found.out).toContain(`Anchored up to #1; ${lines.length - 1} records after it are not anchored.`);
    const parsed = JSON.parse((await verify(forged, '--json')).out) as object;
    expect(parsed).toMatchObject({
      ok: false,
      anchored: 1,
      unanchored: lines.length - 1,
      breaks: [{ seq: 2, code: 'CHANGED' }],
    });
  });

  it('ANCHOR-7: doctor says how far the ledger is anchored, and whether the last anchor lies in it', async () => {
    const { work, seq, hash } = await decidedFolder();
    const doctor = async () => JSON.parse((await sluice(['doctor', '--work', work, '--json'])).out).ledger;
    expect(await doctor()).toEqual({ head: seq, anchor: null, unanchored: seq, objection: null });
    const repository = join(work, 'desired');
    await git(work, ['init', '--quiet', '--bare', repository]);
    const anchors = gitAnchors(repository, null);
    await anchors.write({ ledger: 'gate', seq: seq - 1, hash: await hashAt(work, seq - 1), at: 1 }, []);
    expect(await doctor()).toEqual({
      head: seq,
      anchor: { seq: seq - 1, at: 1 },
      unanchored: 1,
      objection: null,
    });
    const told = await sluice(['doctor', '--work', work]);
    expect(told.out).toMatch(new RegExp(`last anchor +#${seq - 1}, .* ago: is in the chain`));
    expect(told.out).toMatch(/not anchored +1 record\n/);
    const kept = await anchors.read('gate', 1);
    if (!kept.ok) throw new Error(kept.error.message);
    await anchors.write({ ledger: 'gate', seq: seq + 1, hash, at: 2 }, kept.value.tips);
    expect(await doctor()).toMatchObject({ unanchored: seq, objection: { code: 'GAP', seq: seq + 1 } });
    expect([1, 3]).toContain((await sluice(['doctor', '--work', work])).exit);
    expect(JSON.parse((await sluice(['doctor', '--work', scratch(), '--json'])).out).ledger).toBeNull();
  });

  it('AUDIT-4: CloudEvents carry the records as they are', async () => {
    const { work } = await decidedFolder();
    const lines = (await sluice(['ledger', 'export', '--work', work])).out.trim().split('\n');
    const events = (await sluice(['ledger', 'export', '--format', 'cloudevents', '--work', work])).out
      .trim()
      .split('\n')
      .map((l) => JSON.parse(l));
    expect(events.map((e) => e.data)).toEqual(lines.map((l) => JSON.parse(l)));
    const at = events.findIndex((e) => e.type === 'dev.sluice.gate.decided');
    expect(events[at]).toMatchObject({
      specversion: '1.0',
      id: `gate/${at + 1}`,
      type: 'dev.sluice.gate.decided',
      source: 'urn:sluice:ledger:gate',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    });
    expect(readFileSync(join(POLICY, 'sluice.json'), 'utf8')).toContain(
      events[at].data.data.decision.policy.digest,
    );
  });
});

const problems = (spec: string, replace: [string, string] = ['', '']) => {
  const compiled = compile([
    { file: 'platform.yaml', text: platformText(spec).replace(...replace) },
    { file: 'slos.yaml', text: SLOS },
  ]);
  return compiled.ok
    ? []
    : compiled.error.map((p) => `${p.line > 0 ? '' : 'no line '}${p.path}: ${p.message}`);
};
const freeze = (more: string) =>
  `  freezes: [{ name: f, reason: r, timeZone: Europe/Berlin, start: '2026-12-18T18:00', ${more} }]\n`;

describe('what governance declares', () => {
  it('FREEZE-11: what is right is taken', () => {
    expect(problems(freeze("end: '2027-01-07T08:00', environments: [prod], services: [checkout]"))).toEqual(
      [],
    );
    expect(problems(freeze('duration: 2d12h, rrule: "FREQ=WEEKLY;BYDAY=FR"'))).toEqual([]);
  });
  it.each([
    ['no end and no length', freeze(''), /exactly one of end and duration/],
    ['both', freeze("end: '2027-01-07T08:00', duration: 2h"), /exactly one of end and duration/],
    ['an end before the start', freeze("end: '2026-12-17T08:00'"), /an end after the start/],
    ['a day that does not exist', freeze("end: '2027-02-30T08:00'"), /no such day/],
    ['a time with an offset', freeze("end: '2027-01-07T08:00Z'"), /a local date and time/],
    [
      'an unknown environment',
      freeze('duration: 2h, environments: [production]'),
      /no environment is named "production"/,
    ],
    ['an unknown service', freeze('duration: 2h, services: [chekout]'), /no service is named "chekout"/],
    [
      'an unknown zone',
      freeze('duration: 2h').replace('Europe/Berlin', 'Europe/Berln'),
      /no time zone is named/,
    ],
    [
      'a recurrence that is none',
      freeze('duration: 2h, rrule: "every friday"'),
      /rrule: expected no spaces or line breaks/,
    ],
    [
      'a day of the week that is none',
      freeze('duration: 2h, rrule: "FREQ=WEEKLY;BYDAY=XX"'),
      /expected BYDAY to hold days such as FR/,
    ],
    ['more than a quarter', freeze('duration: 100d'), /duration: expected a freeze of at most 92 days/],
    ['an absurd length', freeze(`duration: ${'9'.repeat(400)}d`), /duration: expected a duration/],
    ['an end years later', freeze("end: '2099-01-07T08:00'"), /end: expected a freeze of at most 92 days/],
    ['no reason', freeze('duration: 2h').replace('reason: r', "reason: ' '"), /say why/],
    ['a threshold that would flap', '  policy: { freeze: { budget: 0.1, recover: 0.1 } }\n', /must not flap/],
    ['a bundle without its digest', '  policy: { bundle: { path: x } }\n', /digest: missing/],
    [
      'machines without a claim',
      '  signIn: { machines: [{ issuer: "https://x.example", audience: a, claims: {}, scopes: [operate] }] }\n',
      /every job of that issuer/,
    ],
    [
      'a scope that is none',
      '  signIn: { machines: [{ issuer: "https://x.example", audience: a, claims: { a: b }, scopes: [root] }] }\n',
      /expected scopes of read, operate/,
    ],
  ])('FREEZE-11: %s is refused with its place', (_, spec, message) => {
    const found = problems(spec);
    expect(found.length).toBeGreaterThan(0);
    expect(found.join('\n')).toMatch(message);
    expect(found.join('\n')).not.toContain('no line');
  });
  it.each([
    [
      'two forges',
      'local: true, gitea: { address: "http://x.example", repository: a/b, token: { secretRef: { env: T } }, webhookSecret: { secretRef: { env: S } } }',
      /exactly one of local, gitea and github/,
    ],
    [
      'a token in the open',
      'gitea: { address: "http://x.example", repository: a/b, token: secret, webhookSecret: { secretRef: { env: S } } }',
      /gitea\.token/,
    ],
    [
      'a repository without an owner',
      'gitea: { address: "http://x.example", repository: shop, token: { secretRef: { env: T } }, webhookSecret: { secretRef: { env: S } } }',
      /expected owner\/name/,
    ],
    [
      'GitHub with neither token nor App',
      'github: { repository: a/b, webhookSecret: { secretRef: { env: S } } }',
      /exactly one of token and app/,
    ],
  ])('FREEZE-11: of a forge, %s is refused with its place', (_, forge, message) =>
    expect(problems('', ['local: true', forge]).join('\n')).toMatch(message),
  );
});
