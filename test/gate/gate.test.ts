import { afterEach, describe, expect, it } from 'vitest';
import { policyOfDigest } from '../../src/controller/gate/kept-policy.ts';
import { explainDecision, findDecision, replayDecision } from '../../src/controller/gate/replay.ts';
import type { ForgePort } from '../../src/gitops/forge.ts';
import type { Facts } from '../../src/governance/facts.ts';
import { fail } from '../../src/kit/result.ts';
import { verifyChain } from '../../src/ledger/record.ts';
import {
  codes,
  desired,
  digest,
  type GateHouse,
  gateHouse,
  type HouseOptions,
  NOW,
  openKept,
  platformText,
  SLOS,
  stableIn,
} from './harness.ts';

const PROD = 'environments/prod/checkout.yaml';
const STAGE = 'environments/stage/checkout.yaml';
const OPS = { id: 'oidc:ops', kind: 'person', scopes: ['waive', 'operate'] } as const;
const BOSS = { ...OPS, id: 'oidc:boss' };

const houses: GateHouse[] = [];
const house = async (options?: HouseOptions) => {
  const made = await gateHouse(options);
  houses.push(made);
  return made;
};
afterEach(() => {
  for (const made of houses.splice(0)) made.close();
});
const releaseB = { [PROD]: desired('1.1.0', 'b') };
const value = <T>(r: { ok: true; value: T } | { ok: false; error: unknown }): T => {
  if (!r.ok) throw new Error(JSON.stringify(r.error));
  return r.value;
};
const factsOf = async (h: GateHouse, id: string) =>
  findDecision(await h.ledger.read(), id)!.data.facts as Facts;

/** A version that was stable in stage, and not yet in prod. */
const freshInProd = (h: GateHouse) => {
  h.lanes.set('checkout/prod', { ...h.lanes.get('checkout/prod')!, ...stableIn('a') });
};

describe('the gate over a pull request', () => {
  it('GATE-1: a release of a healthy service may merge; the check says so, the ledger keeps what it rested on', async () => {
    const h = await house();
    freshInProd(h);
    const number = await h.open(releaseB);
    await h.tick();
    expect(await h.status(number)).toBe('success');
    const decision = h.decision(number);
    expect(decision).toMatchObject({ schema: 'sluice.dev/decision/v1', allow: true, deny: [] });
    expect(decision.evaluatedAt).toBe(NOW + 1_000);
    expect(decision.validUntil).toBe(NOW + 1_000 + 600_000);
    const facts = await factsOf(h, decision.id);
    expect(facts.changes).toEqual([
      {
        service: 'checkout',
        environment: 'prod',
        kind: 'release',
        from: { version: '1.0.0', digest: digest('a') },
        to: { version: '1.1.0', digest: digest('b'), identity: expect.stringMatching(/^[0-9a-f]{64}$/) },
      },
    ]);
    expect(facts.slos[0]).toMatchObject({ left: 0.8, fast: 0.2, slow: 0.2 });
    expect(facts.slos[0]!.query).toContain('slo:error_budget_remaining:ratio');
    expect(value(await h.forge.merge(value(await h.forge.pull(number))))).toBe('merged');
  });

  it('GATE-2: a spent budget denies with numbers, and what touches nothing is not concerned', async () => {
    const h = await house();
    freshInProd(h);
    h.numbers.left = -0.25;
    const [release, words] = [await h.open(releaseB), await h.open({ 'README.md': 'other\n' })];
    await h.tick();
    expect(codes(h.decision(release))).toContain('BUDGET_EXHAUSTED');
    expect(h.decision(release).deny[0]!.msg).toMatch(/overspent by 25\.0%, 125 bad of 100000 requests/);
    expect(await h.status(release)).toBe('failure');
    expect(await h.status(words)).toBe('success');
    expect((await h.forge.merge(value(await h.forge.pull(release)))).ok).toBe(false);
  });

  it('GATE-3: when budget, burn or freeze flip it is posted again at the next look, both ways', async () => {
    const h = await house();
    freshInProd(h);
    const number = await h.open(releaseB);
    await h.tick();
    const set = async (more: Partial<GateHouse['numbers']>) => Object.assign(h.numbers, more);
    const flips: [string, () => Promise<unknown>, string | null][] = [
      ['the budget is gone', () => set({ left: -0.1 }), 'BUDGET_EXHAUSTED'],
      ['it is back', () => set({ left: 0.9 }), 'FROZEN'],
      ['and has been for five minutes', () => h.tick(300_000), null],
      ['it burns', () => set({ fast: 20, slow: 5 }), 'BURNING'],
      ['it does not', () => set({ fast: 0.1, slow: 0.1 }), 'FROZEN'],
      ['and has not for five minutes', () => h.tick(300_000), null],
      [
        'somebody freezes prod',
        () =>
          h.governance.freeze(
            {
              id: 'f',
              scope: { environment: 'prod', service: '*' },
              reason: 'quarter end',
              until: h.now() + 3_600_000,
            },
            OPS,
            h.now(),
          ),
        'FROZEN',
      ],
      ['and lifts it', () => h.governance.lift('f', 'done', OPS, h.now()), null],
    ];
    for (const [what, flip, code] of flips) {
      await flip();
      await h.tick();
      expect(await h.status(number), what).toBe(code ? 'failure' : 'success');
      if (code) expect(codes(h.decision(number)), what).toContain(code);
    }
  });

  it('GATE-4: let through by itself once the cause is gone, and merged where that was asked for', async () => {
    const h = await house();
    freshInProd(h);
    h.numbers.left = -1;
    const number = await h.open(releaseB, { autoMerge: true });
    await h.tick();
    expect(value(await h.forge.pull(number)).state).toBe('open');
    h.numbers.left = 0.9;
    await h.tick();
    expect(value(await h.forge.pull(number)).state).toBe('open');
    await h.tick(300_000);
    await h.tick();
    expect(value(await h.forge.pull(number)).state).toBe('merged');
    const types = (await h.ledger.read({ subject: `pull/${number}` })).map((r) => r.type);
    expect(types.filter((t) => t === 'gate.posted').length).toBeGreaterThanOrEqual(2);
  });

  it.each([
    ['unreachable', { code: 'SOURCE_UNAVAILABLE', message: 'refused' }, 'SOURCE_UNAVAILABLE'],
    ['talking nonsense', { code: 'NONSENSE', message: 'not JSON' }, 'SOURCE_NONSENSE'],
    ['refusing the query', { code: 'QUERY_REFUSED', message: 'parse error' }, 'SOURCE_NONSENSE'],
  ] as const)('GATE-5: Prometheus %s denies, and the code says which', async (_, failure, code) => {
    const h = await house();
    freshInProd(h);
    h.numbers.failure = failure;
    const number = await h.open(releaseB);
    await h.tick();
    expect(codes(h.decision(number))).toEqual([code]);
    h.numbers.failure = null;
    await h.tick();
    expect(await h.status(number)).toBe('success');
  });

  it.each([
    ['left', 'BUDGET_UNKNOWN'],
    ['fast', 'BURN_UNKNOWN'],
    ['slow', 'BURN_UNKNOWN'],
  ] as const)('GATE-5: %s that is not there is no permission', async (field, code) => {
    const h = await house();
    freshInProd(h);
    h.numbers[field] = null;
    const number = await h.open(releaseB);
    await h.tick();
    expect(codes(h.decision(number))).toEqual([code]);
  });

  it('GATE-6: a changed declaration is compared by what it renders; an objective is not relaxed while spent', async () => {
    const h = await house();
    const relaxed = { 'platform/slos.yaml': SLOS.replace('0.999', '0.99') };
    const number = await h.open(relaxed);
    await h.tick();
    const first = h.decision(number);
    expect(first.allow).toBe(true);
    expect(first.warn.map((w) => w.code).sort()).toEqual(['JUDGED_BY_BASE', 'RELAXED']);
    const facts = await factsOf(h, first.id);
    expect(facts.changes.map((c) => `${c.kind} ${c.service}/${c.environment}`)).toEqual([
      'declaration checkout/prod',
      'declaration checkout/stage',
    ]);
    h.numbers.left = -1;
    await h.tick();
    expect(codes(h.decision(number))).toEqual(['RELAXED_WHILE_SPENT']);
  });

  it('GATE-6: what would leave no valid declaration, or no valid desired state, is denied with its line', async () => {
    const h = await house();
    const broken = await h.open({ 'platform/slos.yaml': SLOS.replace('objectives:', 'objectivs:') });
    const version = await h.open({ [PROD]: 'service: checkout\nversion: 1.1.0\ndigest: latest\n' });
    const unknown = await h.open({ 'environments/prod/chekout.yaml': desired('1.0.0', 'a', 'chekout') });
    const cosmetic = await h.open({ 'platform/slos.yaml': `# a comment\n${SLOS}` });
    await h.tick();
    expect(codes(h.decision(broken))).toEqual(['DECLARATION_INVALID']);
    expect(h.decision(broken).deny[0]!.msg).toMatch(/^platform\/slos\.yaml:\d+: /);
    expect(h.decision(version).deny[0]!.msg).toMatch(/checkout\.yaml:3: digest: expected an exact digest/);
    expect(h.decision(unknown).deny[0]!.msg).toContain('no such service or environment');
    expect(h.decision(cosmetic).allow).toBe(true);
    expect((await factsOf(h, h.decision(cosmetic).id)).changes).toEqual([]);
  });

  it('GATE-24: safety that is lowered is remarked with both values, and denied while a budget is spent', async () => {
    const h = await house({
      spec: '  policy: { waiver: { secondPerson: true } }\n  signIn: { people: { issuer: "https://id.example", clientId: c, groups: { dev: [read] } } }\n',
    });
    const lowered = platformText(
      '  policy: { waiver: { secondPerson: false }, exempt: { security: [security, bug] } }\n  signIn: { people: { issuer: "https://id.example", clientId: c, groups: { dev: [admin] } } }\n',
    );
    const number = await h.open({ 'platform/platform.yaml': lowered });
    await h.tick();
    const { allow, warn } = h.decision(number);
    expect(allow).toBe(true);
    const said = warn.filter((w) => w.code === 'RELAXED').map((w) => w.msg);
    expect(said.sort()).toEqual([
      'policy.exempt.security is relaxed: ["security"] → ["security","bug"]',
      'policy.waiver.secondPerson is relaxed: true → false',
      'signIn.people.groups{dev} is relaxed: ["read"] → ["admin"]',
    ]);
    h.numbers.left = -0.5;
    await h.tick();
    expect(codes(h.decision(number))).toEqual(['RELAXED_WHILE_SPENT']);
    expect(h.decision(number).deny.map((d) => d['environment'])).toEqual(['prod', 'stage']);
    expect(h.decision(number).deny[0]!.msg).toMatch(
      /^policy\.exempt\.security \(.*\) and 2 more would be relaxed/,
    );
  });

  it('GATE-24: what only the sign-in relaxes is judged by every budget too; what tightens is not remarked', async () => {
    const signIn = (scope: string) =>
      `  signIn: { people: { issuer: "https://id.example", clientId: c, groups: { dev: [${scope}] } } }\n`;
    const h = await house({ spec: signIn('operate') });
    h.numbers.left = -0.5;
    const relaxes = await h.open({ 'platform/platform.yaml': platformText(signIn('operate, admin')) });
    const tightens = await h.open({
      'platform/platform.yaml': platformText(`  policy: { risk: { maxServices: 1 } }\n${signIn('operate')}`),
    });
    await h.tick();
    expect(codes(h.decision(relaxes))).toEqual(['RELAXED_WHILE_SPENT']);
    expect(h.decision(tightens).allow).toBe(true);
    expect(h.decision(tightens).warn.map((w) => w.code)).toEqual(['JUDGED_BY_BASE']);
  });

  it('GATE-7: a pull request that edits what it is judged by is judged by the base branch', async () => {
    const h = await house();
    freshInProd(h);
    h.numbers.left = -1;
    const generous = platformText('  policy: { budget: { block: -5 } }\n');
    const number = await h.open({
      ...releaseB,
      'platform/platform.yaml': generous,
      '.github/workflows/sluice-gate.yml': 'name: mine\n',
      'policy/sluice/gate.rego': 'package sluice.gate\n\nallow := true\n',
    });
    await h.tick();
    expect(codes(h.decision(number))).toContain('BUDGET_EXHAUSTED');
    expect(codes(h.decision(number))).toContain('RELAXED_WHILE_SPENT');
    expect(h.decision(number).warn.map((w) => w.code)).toContain('JUDGED_BY_BASE');
  });

  it('GATE-8: more files than a forge lists are denied: nobody knows what it touches', async () => {
    const h = await house();
    const files = Object.fromEntries(Array.from({ length: 3_001 }, (_, i) => [`docs/${i}.md`, 'x\n']));
    const number = await h.open(files);
    await h.tick();
    expect(codes(h.decision(number))).toEqual(['FILES_INCOMPLETE']);
    const fewer = await h.open(Object.fromEntries(Object.entries(files).slice(0, 3_000)));
    await h.tick();
    expect(h.decision(fewer).allow).toBe(true);
  });

  it('GATE-9: prod is not ahead of stage: it has to have been stable there', async () => {
    const h = await house();
    freshInProd(h);
    const number = await h.open({ [PROD]: desired('1.2.0', 'c') });
    await h.tick();
    expect(codes(h.decision(number))).toEqual(['NOT_STABLE_BEFORE']);
    h.lanes.set('checkout/stage', { ...h.lanes.get('checkout/stage')!, ...stableIn('a', 'c') });
    await h.tick(600_000);
    expect(h.decision(number).allow).toBe(true);
    const first = await h.open({ [STAGE]: desired('1.3.0', 'd') });
    await h.tick();
    expect(h.decision(first).allow).toBe(true);
  });

  it('GATE-10: a condemned artefact is refused here and downstream; no waiver helps', async () => {
    const h = await house();
    const rejected = [
      {
        revision: 'x',
        digest: digest('c'),
        reason: 'HARM_SHOWN' as const,
        identity: null,
        release: 'checkout.stage.2',
      },
    ];
    h.lanes.set('checkout/stage', {
      ...h.lanes.get('checkout/stage')!,
      rejected,
      ...stableIn('a', 'c'),
    });
    const [stage, prod] = [
      await h.open({ [STAGE]: desired('1.2.0', 'c') }),
      await h.open({ [PROD]: desired('1.2.0', 'c') }),
    ];
    await h.governance.grant(
      {
        id: 'w',
        scope: { environment: '*', service: '*' },
        codes: [],
        reason: 'x',
        expiresAt: h.now() + 60_000,
        singleUse: false,
        pullRequest: null,
      },
      OPS,
      h.now(),
    );
    await h.tick();
    expect(codes(h.decision(stage))).toEqual(['REJECTED_DIGEST']);
    expect(codes(h.decision(prod))).toEqual(['REJECTED_DIGEST']);
  });
});

describe('what passes, on record', () => {
  it('GATE-11: a revert passes a freeze, a spent budget, and a Prometheus that is gone', async () => {
    const h = await house();
    await h.governance.freeze(
      { id: 'f', scope: { environment: '*', service: '*' }, reason: 'incident', until: h.now() + 3_600_000 },
      OPS,
      h.now(),
    );
    h.numbers.left = -3;
    h.numbers.failure = { code: 'SOURCE_UNAVAILABLE', message: 'gone' };
    h.lanes.set('checkout/prod', { ...h.lanes.get('checkout/prod')!, ...stableIn('c', 'a') });
    const number = await h.open({ [PROD]: desired('0.9.0', 'c') });
    await h.tick();
    expect(h.decision(number)).toMatchObject({ allow: true, recorded: [{ code: 'REVERT', by: ['revert'] }] });
  });

  it('GATE-12: a security fix passes by its declared label; the start gate lets exactly that artefact in', async () => {
    const h = await house();
    freshInProd(h);
    const lane = 'checkout/prod';
    const target = (letter: string) => ({
      revision: 'r',
      version: '1.1.0',
      digest: digest(letter),
      config: {},
    });
    await h.governance.freeze(
      { id: 'f', scope: { environment: 'prod', service: '*' }, reason: 'peak', until: h.now() + 3_600_000 },
      OPS,
      h.now(),
    );
    expect(h.governance.hold(lane, target('b'), h.now())).toMatchObject({ reason: 'peak' });
    const number = await h.open(releaseB);
    await h.tick();
    expect(codes(h.decision(number))).toEqual(['FROZEN']);
    await h.forge.label(number, ['security']);
    await h.tick();
    const decision = h.decision(number);
    expect(decision).toMatchObject({ allow: true, recorded: [{ code: 'FROZEN', by: ['security'] }] });
    expect(h.governance.hold(lane, target('b'), h.now())).toBeNull();
    expect(h.governance.hold(lane, target('c'), h.now())).not.toBeNull();
    expect(h.governance.hold(lane, target('b'), decision.validUntil)).not.toBeNull();
  });

  it('GATE-13: a waiver lets through while it holds, is seen to be used, and then it is denied again', async () => {
    const h = await house();
    freshInProd(h);
    h.numbers.left = -1;
    const number = await h.open(releaseB);
    await h.tick();
    const granted = await h.governance.grant(
      {
        id: 'w1',
        scope: { environment: 'prod', service: 'checkout' },
        codes: [],
        reason: 'vendor fix',
        expiresAt: h.now() + 60_000,
        singleUse: false,
        pullRequest: null,
      },
      OPS,
      h.now(),
    );
    expect(granted.ok).toBe(true);
    await h.tick();
    expect(h.decision(number)).toMatchObject({ allow: true, waiversUsed: ['w1'] });
    expect(h.decision(number).validUntil).toBeLessThanOrEqual(h.now() + 60_000);
    expect(h.governance.state().waivers.get('w1')?.usedFor).toEqual([number]);
    await h.tick(60_000);
    expect(codes(h.decision(number))).toEqual(['BUDGET_EXHAUSTED', 'FROZEN']);
    expect(h.decision(number).warn.map((w) => w.code)).toContain('WAIVER_EXPIRED');
  });

  it('GATE-13: bounded, with a reason, by somebody else where two are declared', async () => {
    const h = await house({ spec: '  policy: { waiver: { max: 1h, secondPerson: true } }\n' });
    freshInProd(h);
    h.numbers.left = -1;
    const number = await h.open(releaseB);
    const wanted = {
      id: 'w1',
      scope: { environment: 'prod', service: '*' },
      codes: [],
      reason: 'x',
      singleUse: true,
      pullRequest: null,
    };
    expect((await h.governance.grant({ ...wanted, expiresAt: h.now() + 3_600_001 }, OPS, h.now())).ok).toBe(
      false,
    );
    expect((await h.governance.grant({ ...wanted, expiresAt: h.now() }, OPS, h.now())).ok).toBe(false);
    expect((await h.governance.grant({ ...wanted, expiresAt: h.now() + 1_000_000 }, OPS, h.now())).ok).toBe(
      true,
    );
    await h.tick();
    expect(h.decision(number).allow).toBe(false);
    expect(await h.governance.approve('w1', 'me too', OPS, h.now())).toMatchObject({ ok: false });
    expect(await h.governance.approve('w1', 'I agree', BOSS, h.now())).toMatchObject({ ok: true });
    await h.tick();
    expect(h.decision(number)).toMatchObject({ allow: true, waiversUsed: ['w1'] });
    const other = await h.open({ [STAGE]: desired('1.5.0', 'e'), [PROD]: desired('1.1.0', 'b') });
    await h.tick();
    expect(h.decision(other).waiversUsed).toEqual([]);
  });
});

describe('when things go wrong', () => {
  it('GATE-14: a forge that is down for a while is asked again; one post comes of it', async () => {
    let down = true;
    const wrap = (forge: ForgePort): ForgePort => ({
      ...forge,
      report: async (...args) =>
        down ? fail({ code: 'UNAVAILABLE', message: '504' }) : forge.report(...args),
    });
    const h = await house({ wrap });
    freshInProd(h);
    const number = await h.open(releaseB);
    for (let i = 0; i < 10; i++) await h.tick(1_000);
    expect(await h.status(number)).toBeUndefined();
    expect(h.gate.pulls()[0]!.trouble).toMatchObject({ code: 'UNAVAILABLE' });
    down = false;
    await h.tick(10_000);
    expect(await h.status(number)).toBe('success');
    const records = await h.ledger.read({ subject: `pull/${number}` });
    expect(records.filter((r) => r.type === 'gate.posted')).toHaveLength(1);
  });

  it('GATE-14: told to wait, it waits as long as it was told', async () => {
    let asked = 0;
    const wrap = (forge: ForgePort): ForgePort => ({
      ...forge,
      files: async (pull) => {
        asked++;
        return asked === 1
          ? fail({ code: 'RATE_LIMITED', message: '429', retryAfterMs: 60_000 })
          : forge.files(pull);
      },
    });
    const h = await house({ wrap });
    const number = await h.open(releaseB);
    await h.tick();
    await h.tick(30_000);
    expect(asked).toBe(1);
    await h.tick(31_000);
    expect(asked).toBe(2);
    expect(await h.status(number)).toBeDefined();
  });

  it('GATE-15: two servers that post at once leave one check: that of the newer look', async () => {
    const h = await house();
    freshInProd(h);
    const number = await h.open(releaseB);
    const pull = value(await h.forge.pull(number));
    const report = (state: 'success' | 'failure', evaluatedAt: number) =>
      h.forge.report(pull, {
        check: 'sluice/gate',
        headSha: pull.head.sha,
        state,
        title: state,
        summary: state,
        key: state,
        evaluatedAt,
        annotations: [],
        detailsUrl: null,
      });
    const [newer, older] = await Promise.all([report('failure', 2_000), report('success', 1_000)]);
    expect([value(newer).post, value(older).post]).toEqual(['posted', 'superseded']);
    expect(await h.status(number)).toBe('failure');
  });

  it('GATE-16: a clock that is set back revives nothing: no expired waiver, no later freeze, no older post', async () => {
    const h = await house();
    freshInProd(h);
    h.numbers.left = -1;
    const number = await h.open(releaseB);
    await h.tick();
    await h.governance.grant(
      {
        id: 'w',
        scope: { environment: '*', service: '*' },
        codes: [],
        reason: 'x',
        expiresAt: h.now() + 1_000,
        singleUse: false,
        pullRequest: null,
      },
      OPS,
      h.now(),
    );
    await h.tick(500);
    expect(h.decision(number).allow).toBe(true);
    await h.tick(1_000);
    expect(h.decision(number).allow).toBe(false);
    h.setNow(NOW - 3_600_000);
    await h.tick();
    // Before it was granted, a waiver does not hold; and what is posted stays that of the later look.
    expect(h.decision(number).allow).toBe(false);
    expect(await h.status(number)).toBe('failure');
  });

  it('GATE-17: a webhook that was lost is found by polling; a new commit is judged anew', async () => {
    const h = await house();
    freshInProd(h);
    const number = await h.open(releaseB);
    await h.tick();
    const before = h.decision(number);
    await h.repository.push('change-1', { [PROD]: desired('1.2.0', 'c') });
    await h.tick(2_000);
    expect(h.decision(number).id).not.toBe(before.id);
    expect(codes(h.decision(number))).toEqual(['NOT_STABLE_BEFORE']);
    await h.repository.remove('change-1');
    await h.tick(2_000);
    expect(
      h.gate
        .pulls()
        .filter((p) => p.pull.state === 'open')
        .map((p) => p.pull.number),
    ).not.toContain(1_000);
  });

  it('GATE-18: its time over it is looked at again, and its outcome, being the same, not posted again', async () => {
    const h = await house();
    freshInProd(h);
    const number = await h.open(releaseB);
    await h.tick();
    await h.tick(600_000);
    const records = await h.ledger.read({ subject: `pull/${number}` });
    expect(records.map((r) => r.type)).toEqual(['gate.decided', 'gate.posted', 'gate.decided']);
    expect(h.decision(number).validUntil).toBe(h.now() + 600_000);
  });
});

describe('decisions of the past', () => {
  it('AUDIT-1: a decision is recomputed from its facts by the policy that was kept, and explained with its numbers', async () => {
    const h = await house();
    freshInProd(h);
    h.numbers.left = -0.25;
    const number = await h.open(releaseB);
    await h.tick();
    const records = await h.ledger.read();
    const found = findDecision(records, h.decision(number).id)!;
    const policy = policyOfDigest(records, found.data.decision.policy.digest, openKept)!;
    expect(await replayDecision(found, policy)).toMatchObject({
      same: true,
      inputSame: true,
      policySame: true,
    });
    const lines = explainDecision(found).join('\n');
    expect(lines).toMatch(/-25\.00% remaining, 125 bad of 100000/);
    expect(lines).toContain('slo:error_budget_remaining:ratio');
    expect(lines).toContain(found.data.decision.policy.revision);
    expect(verifyChain(await h.ledger.texts()).ok).toBe(true);
  });

  it('AUDIT-2: facts or a decision that were changed do not recompute', async () => {
    const h = await house();
    freshInProd(h);
    h.numbers.left = -0.25;
    const number = await h.open(releaseB);
    await h.tick();
    const records = await h.ledger.read();
    const found = findDecision(records, h.decision(number).id)!;
    const policy = policyOfDigest(records, found.data.decision.policy.digest, openKept)!;
    const facts = structuredClone(found.data.facts) as { slos: { left: number }[] };
    facts.slos[0]!.left = 0.9;
    const changed = await replayDecision({ ...found, data: { ...found.data, facts } }, policy);
    expect(changed).toMatchObject({ same: false, inputSame: false });
    const allowed = { ...found.data.decision, allow: true, deny: [] };
    expect(
      await replayDecision({ ...found, data: { ...found.data, decision: allowed } }, policy),
    ).toMatchObject({
      same: false,
      differences: ['allow', 'deny'],
    });
    expect(policyOfDigest(records, 'sha256:other', openKept)).toBeUndefined();
  });
});
