import { writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { compile } from '../../src/controller/compile.ts';
import { MAX_PULLS } from '../../src/controller/gate/pulls.ts';
import { createController } from '../../src/controller/loop.ts';
import { gitDesired } from '../../src/gitops/adapters/git/desired.ts';
import { git } from '../../src/gitops/adapters/git/program.ts';
import { parseDesired } from '../../src/gitops/desired.ts';
import { type ForgePort, type PullRequest, tooLarge } from '../../src/gitops/forge.ts';
import { fail, ok } from '../../src/kit/result.ts';
import { simulatedClock } from '../../src/kit/time.ts';
import { memoryLedger } from '../../src/ledger/adapters/memory/ledger.ts';
import { LedgerUnavailable } from '../../src/ledger/port.ts';
import { BROKEN_FILES } from '../attacks.ts';
import { bareRepository } from '../contract/forge/repository.ts';
import { journalOver } from '../journal.ts';
import { until } from '../wait.ts';
import { codes, desired, type GateHouse, gateHouse, type HouseOptions, SLOS } from './harness.ts';

const PROD = 'environments/prod/checkout.yaml';
const STAGE = 'environments/stage/checkout.yaml';
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});
const house = async (options?: HouseOptions): Promise<GateHouse> => {
  const made = await gateHouse(options);
  closing.push(() => made.close());
  return made;
};
const troubleOf = (h: GateHouse, number: number) =>
  h.gate.pulls().find((p) => p.pull.number === number)?.trouble ?? null;

/** A forge that does something else where one commit is read. */
const reading = (victim: { sha: string | null }, instead: () => Promise<never>) => (forge: ForgePort) => ({
  ...forge,
  text: (sha: string, path: string) => (sha === victim.sha ? instead() : forge.text(sha, path)),
});
const headOf = async (h: GateHouse, number: number): Promise<string> => {
  const found = await h.forge.pull(number);
  if (!found.ok) throw new Error(found.error.message);
  return found.value.head.sha;
};

describe('a pull request affects itself only', () => {
  it('GATE-22: every file that was made to break its reader is denied with its line; the pull requests beside it are decided', async () => {
    const h = await house();
    const before = await h.open({ [STAGE]: desired('1.1.0', 'b') });
    const attacks = new Map<number, string>();
    for (const [name, text] of Object.entries(BROKEN_FILES))
      attacks.set(await h.open({ [PROD]: text }), name);
    const after = await h.open({ [STAGE]: desired('1.1.0', 'b') });
    await h.tick();
    for (const [number, name] of attacks) {
      expect([name, codes(h.decision(number))]).toEqual([name, ['DECLARATION_INVALID']]);
      expect(h.decision(number).deny[0]!.msg).toMatch(/^environments\/prod\/checkout\.yaml:\d+: /);
      expect(await h.status(number)).toBe('failure');
    }
    for (const number of [before, after]) expect(await h.status(number)).toBe('success');
  });

  it('GATE-22: one whose evaluation throws is shown with that, and tried ever more seldom; the others go on', async () => {
    let tries = 0;
    const victim = { sha: null as string | null };
    const h = await house({
      wrap: reading(victim, () => {
        tries++;
        throw new Error('half a character \ud800');
      }),
    });
    const broken = await h.open({ [STAGE]: desired('1.1.0', 'b') });
    victim.sha = await headOf(h, broken);
    const other = await h.open({ [STAGE]: desired('1.2.0', 'c') });
    await h.tick();
    expect(troubleOf(h, broken)).toEqual({
      code: 'UNAVAILABLE',
      message: 'it could not be evaluated: half a character \ufffd',
    });
    expect(await h.status(other)).toBe('success');
    for (let i = 0; i < 130; i++) await h.tick(5_000);
    // Once, and then after 5, 10, 20, 40, 80, 160 and 300 seconds.
    expect(tries).toBe(8);
    victim.sha = null;
    await h.tick(300_000);
    expect(troubleOf(h, broken)).toBeNull();
    expect(await h.status(broken)).toBe('success');
  });

  it('GATE-22: a new commit is not made to wait for the old one’s next try', async () => {
    const victim = { sha: null as string | null };
    const h = await house({ wrap: reading(victim, () => Promise.reject(new Error('no'))) });
    const number = await h.open({ [STAGE]: desired('1.1.0', 'b') });
    victim.sha = await headOf(h, number);
    for (let i = 0; i < 20; i++) await h.tick(5_000);
    expect(troubleOf(h, number)).not.toBeNull();
    await h.repository.push('change-1', { [STAGE]: desired('1.1.0', 'c') });
    await h.tick(1_000);
    await h.tick(1_000);
    expect(troubleOf(h, number)).toBeNull();
    expect(await h.status(number)).toBe('success');
  });

  it('GATE-22: one that hangs holds up no other, and is tried again once it is given up', async () => {
    const victim = { sha: null as string | null };
    let asked = 0;
    const h = await house({
      wrap: reading(victim, () => {
        asked++;
        return new Promise<never>(() => undefined);
      }),
      // The limit is the point: what hangs never answers, and the other one asks nothing that takes time.
      patience: { firstMs: 50, againMs: 50, timeoutMs: 300 },
    });
    const hangs = await h.open({ [STAGE]: desired('1.1.0', 'b') });
    victim.sha = await headOf(h, hangs);
    const other = await h.open({ [STAGE]: desired('1.2.0', 'c') });
    for (let i = 0; i < 600 && (await h.status(other)) === undefined; i++) await h.tick(1_000);
    expect(await h.status(other)).toBe('success');
    for (let i = 0; i < 600 && asked < 2; i++) await h.tick(5_000);
    expect(asked).toBeGreaterThan(1);
    expect(troubleOf(h, hangs)?.message).toMatch(/took longer than 300 ms/);
  });

  it('GATE-22: a title, a label and an author with half of a character change nothing', async () => {
    const odd = (pull: PullRequest): PullRequest => ({
      ...pull,
      title: 'cut \ud83d',
      author: 'x\udc00',
      labels: ['l\ud800'],
    });
    const wrap = (forge: ForgePort): ForgePort => ({
      ...forge,
      pull: async (number) => {
        const found = await forge.pull(number);
        return found.ok ? { ok: true, value: odd(found.value) } : found;
      },
      openPulls: async () => {
        const found = await forge.openPulls();
        return found.ok ? { ok: true, value: found.value.map(odd) } : found;
      },
    });
    const h = await house({ wrap });
    const number = await h.open({ [STAGE]: desired('1.1.0', 'b') });
    await h.tick();
    expect(await h.status(number)).toBe('success');
    expect(h.gate.pulls()[0]!.facts!.pullRequest.title).toBe('cut \ufffd');
    expect(await h.gate.evaluate(number, 'asked')).toMatchObject({ ok: true });
  });

  it('GATE-22: a list that throws is asked for again, and what is known goes on', async () => {
    let broken = false;
    const wrap = (forge: ForgePort): ForgePort => ({
      ...forge,
      openPulls: () => (broken ? Promise.reject(new Error('socket hang up')) : forge.openPulls()),
    });
    const h = await house({ wrap });
    const number = await h.open({ [STAGE]: desired('1.1.0', 'd') });
    await h.tick();
    broken = true;
    h.numbers.left = -1;
    await h.tick(1_000);
    expect(await h.status(number)).toBe('failure');
    broken = false;
    const next = await h.open({ [STAGE]: desired('1.2.0', 'c') });
    await until('the next one is decided', 10_000, async () => {
      await h.tick(10_000);
      return (await h.status(next)) === 'failure';
    });
  });

  it('GATE-32: a file that is too long to be read denies its pull request, with the file; no other is held up', async () => {
    for (const file of [PROD, 'platform/slos.yaml']) {
      const victim = { sha: null as string | null };
      const wrap = (forge: ForgePort): ForgePort => ({
        ...forge,
        text: async (sha, path) =>
          sha === victim.sha && path === file ? tooLarge(path, 10) : forge.text(sha, path),
      });
      const h = await house({ wrap });
      const large = await h.open({ [file]: '# Of any length.\n' });
      victim.sha = await headOf(h, large);
      const other = await h.open({ [STAGE]: desired('1.1.0', 'b') });
      await h.tick();
      expect(codes(h.decision(large))).toEqual(['DECLARATION_INVALID']);
      expect(h.decision(large).deny[0]!.msg).toContain(`${file}:1: ${file} has more than 10 bytes`);
      expect(troubleOf(h, large)).toBeNull();
      expect(await h.status(other)).toBe('success');
    }
  });

  it('GATE-33: of more pull requests than are watched none that is watched is dropped for new ones, and who is left out is said', async () => {
    const NOWHERE = '9'.repeat(40);
    let flood: PullRequest[] = [];
    const wrap = (forge: ForgePort): ForgePort => ({
      ...forge,
      // GitHub lists the newest first.
      openPulls: async () => {
        const found = await forge.openPulls();
        return found.ok ? ok([...flood, ...found.value]) : found;
      },
      files: async (pull) =>
        pull.head.sha === NOWHERE ? fail({ code: 'NOT_FOUND', message: 'no commit' }) : forge.files(pull),
    });
    const warned: string[] = [];
    const h = await house({ wrap, warned });
    const first = await h.open({ [STAGE]: desired('1.1.0', 'd') });
    await h.tick();
    expect(await h.status(first)).toBe('success');
    const { pull } = h.gate.pulls()[0]!;
    flood = Array.from({ length: MAX_PULLS + 5 }, (_, i) => ({
      ...pull,
      number: 1_000 - i,
      head: { ...pull.head, sha: NOWHERE },
    }));
    await h.tick(2_000);
    const open = h.gate.pulls().map((p) => p.pull.number);
    expect(open).toHaveLength(MAX_PULLS);
    expect(open).toContain(first);
    expect(open).not.toContain(1_000);
    expect(warned.filter((w) => w.includes('more pull requests are open than are watched'))).toHaveLength(1);
    await h.tick(2_000);
    expect(warned.filter((w) => w.includes('more pull requests are open than are watched'))).toHaveLength(1);
    h.numbers.left = -1;
    await h.tick(2_000);
    expect(await h.status(first)).toBe('failure');
  });

  it('GATE-22: a ledger that takes no record stops all of them', async () => {
    const h = await house();
    const number = await h.open({ [STAGE]: desired('1.1.0', 'b') });
    const append = h.ledger.append.bind(h.ledger);
    Object.assign(h.ledger, {
      append: () => Promise.reject(new LedgerUnavailable('LEDGER_FULL', 'the disk is full')),
    });
    await expect(h.tick()).rejects.toThrow('the disk is full');
    expect(await h.status(number)).toBeUndefined();
    Object.assign(h.ledger, { append });
    await h.tick(10_000);
    expect(await h.status(number)).toBe('success');
  });
});

describe('what was decided and could not be told', () => {
  it('GATE-23: is posted again, not decided again', async () => {
    let down = true;
    const wrap = (forge: ForgePort): ForgePort => ({
      ...forge,
      report: async (...args) =>
        down ? fail({ code: 'FORBIDDEN', message: 'somebody else’s comment' }) : forge.report(...args),
    });
    const h = await house({ wrap });
    const number = await h.open({ [STAGE]: desired('1.1.0', 'd') });
    const decided = async () =>
      (await h.ledger.read({ subject: `pull/${number}` })).filter((r) => r.type === 'gate.decided').length;
    for (let i = 0; i < 30; i++) await h.tick(10_000);
    expect(await decided()).toBe(1);
    expect(troubleOf(h, number)).toMatchObject({ code: 'FORBIDDEN' });
    // Once its grounds flip it is another decision.
    h.numbers.left = -1;
    for (let i = 0; i < 30; i++) await h.tick(10_000);
    expect(await decided()).toBe(2);
    down = false;
    await h.tick(300_000);
    expect(await h.status(number)).toBe('failure');
  });

  it('GATE-23: of a merge group as well, as long after as the forge says', async () => {
    let posts = 0;
    const wrap = (forge: ForgePort): ForgePort => ({
      ...forge,
      report: async (pull, report) => {
        if (report.headSha !== 'group') return forge.report(pull, report);
        posts++;
        return posts < 3
          ? fail({ code: 'RATE_LIMITED', message: '429', retryAfterMs: 60_000 })
          : forge.report(pull, report);
      },
      files: (pull) =>
        forge.files({
          ...pull,
          head: { ...pull.head, sha: pull.head.sha === 'group' ? head : pull.head.sha },
        }),
      text: (sha, path) => forge.text(sha === 'group' ? head : sha, path),
    });
    let head = '';
    const h = await house({ wrap });
    const number = await h.open({ [STAGE]: desired('1.1.0', 'b') });
    head = await headOf(h, number);
    const base = (await git(h.repository.remote, ['rev-parse', 'main'])).trim();
    h.gate.hint({ kind: 'merge-group', pull: number, headSha: 'group', baseSha: base, delivery: 'd' });
    const decided = async () =>
      (await h.ledger.read({ type: 'gate.decided' })).filter(
        (r) => (r.data as { trigger: string }).trigger === 'merge group',
      ).length;
    for (let i = 0; i < 40; i++) await h.tick(500);
    expect([posts, await decided()]).toEqual([1, 1]);
    for (let i = 0; i < 3; i++) await h.tick(61_000);
    expect([posts, await decided()]).toEqual([3, 1]);
    for (let i = 0; i < 3; i++) await h.tick(61_000);
    expect(posts).toBe(3);
  });

  it('GATE-23: a merge group that throws, or is gone, holds up no pull request', async () => {
    const wrap = (forge: ForgePort): ForgePort => ({
      ...forge,
      pull: (number) => (number === 999 ? Promise.reject(new Error('malformed')) : forge.pull(number)),
    });
    const h = await house({ wrap });
    for (const pull of [999, 998])
      h.gate.hint({ kind: 'merge-group', pull, headSha: `g${pull}`, baseSha: 'b', delivery: 'd' });
    const number = await h.open({ [STAGE]: desired('1.1.0', 'b') });
    await h.tick();
    expect(await h.status(number)).toBe('success');
  });
});

const SERVICES = ['checkout', 'cart'];
const platform = (() => {
  const text = `apiVersion: sluice.dev/v1
kind: Platform
metadata: { name: isolation }
spec:
  environments:
    - { name: stage, prometheus: { address: 'http://prometheus.invalid' } }
    - { name: prod, prometheus: { address: 'http://prometheus.invalid' }, branch: production }
  services:
${SERVICES.map((s) => `    - { name: ${s}, slos: [${s}-availability] }`).join('\n')}
`;
  const compiled = compile([
    { file: 'p.yaml', text },
    ...SERVICES.map((s) => ({ file: `${s}.yaml`, text: SLOS.replaceAll('checkout', s) })),
  ]);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
  return compiled.value;
})();

describe('a file of the desired state affects its lane only', () => {
  const names = SERVICES.flatMap((service) => [
    { service, environment: 'stage', branch: 'main' },
    { service, environment: 'prod', branch: 'production' },
  ]);
  const files = Object.fromEntries(
    names.map((n) => [`environments/${n.environment}/${n.service}.yaml`, desired('1.0.0', 'a', n.service)]),
  );

  it('COMMIT-9: merged, each of them is a problem that is shown, and every other lane has its desired state', async () => {
    const repository = await bareRepository(files);
    closing.push(() => repository.close());
    await git(repository.remote, ['branch', 'production', 'main']);
    const source = gitDesired(repository.remote, names);
    expect((await source.read())!.lanes.size).toBe(4);
    for (const [name, text] of Object.entries(BROKEN_FILES)) {
      await repository.push('by-hand', { [STAGE]: text });
      await git(repository.remote, ['update-ref', 'refs/heads/main', 'refs/heads/by-hand']);
      const state = (await source.read())!;
      expect([name, [...state.lanes.keys()].sort()]).toEqual([
        name,
        ['cart/prod', 'cart/stage', 'checkout/prod'],
      ]);
      expect(state.problems[0]).toMatchObject({ code: 'DESIRED_STATE', file: STAGE });
      const commits = await source.since('production', 'production', 'main');
      expect(commits!.commits.at(-1)!.subject).toBe('Change by-hand');
    }
  });

  it('COMMIT-10: a branch that cannot be read now keeps what it asked for, with a problem, and the other is read', async () => {
    const repository = await bareRepository(files);
    closing.push(() => repository.close());
    await git(repository.remote, ['branch', 'production', 'main']);
    const source = gitDesired(repository.remote, names);
    await source.read();
    await repository.push('by-hand', { [STAGE]: desired('1.1.0', 'b') });
    await git(repository.remote, ['update-ref', 'refs/heads/main', 'refs/heads/by-hand']);
    // A head that names no commit that is there.
    writeFileSync(`${repository.remote}/refs/heads/production`, `${'1'.repeat(40)}\n`);
    const state = (await source.read())!;
    expect(state.lanes.get('checkout/stage')).toMatchObject({ version: '1.1.0' });
    expect(state.lanes.get('checkout/prod')).toMatchObject({ version: '1.0.0' });
    expect(state.problems).toMatchObject([{ code: 'UNREADABLE', file: 'production' }]);
  });
});

describe('a lane affects itself only', () => {
  async function loopOf(hold: (lane: string) => null) {
    const clock = simulatedClock(1_000_000);
    const warnings: object[] = [];
    const wanted = (service: string) => {
      const read = parseDesired('f', desired('1.0.0', 'a', service), service);
      if (!read.ok) throw new Error('the file is right');
      return read.value;
    };
    const seen: string[] = [];
    const failing = { on: false };
    const lanes = new Map(
      SERVICES.flatMap((s) => ['stage', 'prod'].map((e) => [`${s}/${e}`, wanted(s)] as const)),
    );
    const controller = createController(
      platform,
      {
        clock,
        journal: await journalOver(memoryLedger('loop')),
        desired: {
          read: async () => {
            if (failing.on) throw new Error('a broken repository');
            return { commit: 'c', lanes, problems: [] };
          },
        },
        metrics: () => ({
          raw: async () => ok([]),
          instant: async () => ok([]),
        }),
        delivery: () => ({
          observe: async () => ({ stable: null, canary: null, weight: 0, canaryHealth: 'absent' }),
          apply: async () => {},
          probe: async () => 'absent',
        }),
        hold: (lane) => {
          seen.push(lane);
          return hold(lane);
        },
      },
      { warn: (details) => warnings.push(details) },
    );
    return { clock, controller, seen, warnings, failing };
  }

  it('LOOP-14: one that throws is shown with why, and tried ever more seldom; the others begin their releases', async () => {
    let broken = true;
    const { clock, controller, seen, warnings } = await loopOf((lane) => {
      if (broken && lane === 'cart/stage') throw new Error('a broken rule');
      return null;
    });
    await controller.tick();
    const state = (name: string) => controller.lanes().find((v) => v.state.lane === name)!;
    expect(state('cart/stage').trouble).toMatchObject({ message: 'a broken rule', failures: 1 });
    for (const other of ['checkout/stage', 'cart/prod', 'checkout/prod'])
      expect([other, state(other).trouble, state(other).state.state]).toEqual([other, null, 'Deploying']);
    const tries = () => seen.filter((lane) => lane === 'cart/stage').length;
    for (let i = 0; i < 600; i++) {
      clock.advance(1_000);
      await controller.tick();
    }
    // At once, after 1, 2, 4, 8, 16 and 32 seconds, then every minute.
    expect(tries()).toBe(15);
    expect(warnings.filter((w) => (w as { lane?: string }).lane === 'cart/stage')).toHaveLength(15);
    broken = false;
    await controller.command(
      'cart/stage',
      'resume',
      'fixed',
      { id: 'ops', kind: 'person', scopes: [] },
      'c1',
    );
    await controller.tick();
    // Somebody asked: it is not put off any longer.
    expect(state('cart/stage').trouble).toBeNull();
    for (let i = 0; i < 10; i++) {
      clock.advance(1_000);
      await controller.tick();
    }
    expect(state('cart/stage').state.state).toBe('Deploying');
  });

  it('LOOP-14: a desired state that throws stops nothing: what was asked for stays', async () => {
    const { clock, controller, failing } = await loopOf(() => null);
    await controller.tick();
    failing.on = true;
    clock.advance(1_000);
    await controller.tick();
    expect(controller.lanes().map((v) => [v.trouble, v.desired])).toEqual(
      SERVICES.flatMap(() => [
        [null, '1.0.0'],
        [null, '1.0.0'],
      ]),
    );
  });
});
