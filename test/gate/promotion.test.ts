import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { orderHold } from '../../src/controller/promotion/order.ts';
import { createPromoter } from '../../src/controller/promotion/promoter.ts';
import type { Revision } from '../../src/delivery/events.ts';
import type { Lane } from '../../src/delivery/lane.ts';
import { gitDesired } from '../../src/gitops/adapters/git/desired.ts';
import { parseDesired, revisionOf, withArtefact } from '../../src/gitops/desired.ts';
import type { ForgePort } from '../../src/gitops/forge.ts';
import type { DesiredState } from '../../src/gitops/port.ts';
import { fail, ok } from '../../src/kit/result.ts';
import type { Journal } from '../../src/ledger/journal.ts';
import { journalOver } from '../journal.ts';
import { wasStable } from '../lane.ts';
import { desired, digest, type GateHouse, gateHouse, type HouseOptions } from './harness.ts';

const OPS = { id: 'oidc:ops', kind: 'person', scopes: ['operate', 'waive'] } as const;
const STAGE = 'environments/stage/checkout.yaml';
const PROD = 'environments/prod/checkout.yaml';
const revision = (version: string, letter: string, config = {}): Revision =>
  revisionOf({ version, digest: digest(letter), config });
const houses: GateHouse[] = [];
afterEach(() => {
  for (const h of houses.splice(0)) h.close();
});

interface PromotingOptions extends HouseOptions {
  readonly wrapPromoter?: (forge: ForgePort) => ForgePort;
  readonly authors?: readonly string[];
  /** What the promoter warns of. */
  readonly warned?: string[];
}

/** The gate's house with a promoter: what runs where is said by the test, Git and pull requests are real. */
async function promoting(options: PromotingOptions = {}) {
  const h = await gateHouse(options);
  houses.push(h);
  const repository = gitDesired(h.repository.remote, [
    { service: 'checkout', environment: 'stage', branch: 'main' },
    { service: 'checkout', environment: 'prod', branch: 'main' },
  ]);
  let state: DesiredState | null = null;
  const at = (name: string) => h.lanes.get(`checkout/${name}`)!;
  /** What becomes stable is remembered as such. */
  const set = (name: string, more: Partial<Lane>) => {
    const stables = more.stable ? wasStable(more.stable).stables : [];
    h.lanes.set(`checkout/${name}`, { ...at(name), stables: [...at(name).stables, ...stables], ...more });
  };
  for (const name of ['stage', 'prod'])
    set(name, {
      stable: revision('1.0.0', 'a'),
      ...wasStable(revision('1.0.0', 'a')),
      since: h.now() - 60_000,
    });
  const open = (journal: Journal) =>
    createPromoter({
      platform: h.platform,
      forge: options.wrapPromoter ? options.wrapPromoter(h.forge) : h.forge,
      journal,
      lanes: h.lanes,
      desired: () => state,
      gate: h.gate,
      authors: () => options.authors ?? [],
      budgetLeft: () => 0.8,
      warn: (details) => options.warned?.push(JSON.stringify(details)),
    });
  let journal = h.ledger;
  let promoter = open(journal);
  const tick = async (ms = 1_000) => {
    state = await repository.read();
    await h.tick(ms);
    await journal.follow();
    await promoter.tick(h.now());
  };
  return {
    h,
    set,
    tick,
    promoter: () => promoter,
    restart: async () => {
      journal = await journalOver(h.ledger);
      promoter = open(journal);
    },
    /** Git asks for a version, past the gate: as a merge by hand would. */
    async commit(name: 'stage' | 'prod', version: string, letter: string) {
      const path = name === 'stage' ? STAGE : PROD;
      const { git } = await import('../../src/gitops/adapters/git/program.ts');
      await h.repository.push('by-hand', { [path]: desired(version, letter) });
      await git(h.repository.remote, ['update-ref', 'refs/heads/main', 'refs/heads/by-hand']);
    },
    becomesStable: (name: string, version: string, letter: string) =>
      set(name, {
        state: 'Stable',
        since: h.now(),
        stable: revision(version, letter),
        served: [...at(name).served, digest(letter)],
      }),
    pulls: () => h.gate.pulls().filter((p) => p.pull.state === 'open'),
    text: async (path: string) => {
      const found = await h.forge.text('main', path);
      return found.ok ? found.value : null;
    },
    state: () => state,
  };
}

describe('promotion by pull request', () => {
  it('PROMOTE-1: stable in stage: a pull request to prod with the exact digest; merged by itself once the gate allows', async () => {
    const p = await promoting();
    const platform = p.h.platform.environments.find((e) => e.name === 'prod')!;
    expect(platform.after).toEqual(['stage']);
    await p.commit('stage', '1.1.0', 'b');
    await p.tick();
    expect(p.pulls()).toEqual([]);
    p.becomesStable('stage', '1.1.0', 'b');
    await p.tick();
    await p.tick();
    const [open] = p.pulls();
    expect(open!.pull).toMatchObject({ title: 'Promote checkout 1.1.0 to prod', author: 'sluice' });
    expect(open!.decision).toMatchObject({ allow: true });
    const head = await p.h.forge.text(open!.pull.head.sha, PROD);
    expect(head.ok && parseDesired(PROD, head.value!, 'checkout')).toMatchObject({
      ok: true,
      value: { digest: digest('b') },
    });
    for (let i = 0; i < 5; i++) await p.tick();
    expect(p.pulls()).toHaveLength(1);
    const records = await p.h.ledger.read({ type: 'proposal.opened' });
    expect(records).toHaveLength(1);
    expect(records[0]).toMatchObject({
      subject: 'checkout/prod',
      data: { kind: 'promotion', from: ['stage'] },
    });
  });

  it('PROMOTE-1: where it is declared it merges by itself, and only once the gate allows', async () => {
    const p = await promoting({ environments: 'promotion: { autoMerge: true }' });
    p.h.numbers.left = -1;
    await p.commit('stage', '1.1.0', 'b');
    await p.tick();
    p.becomesStable('stage', '1.1.0', 'b');
    for (let i = 0; i < 4; i++) await p.tick();
    expect(p.pulls()[0]!.decision).toMatchObject({ allow: false });
    expect(await p.text(PROD)).toContain('1.0.0');
    p.h.numbers.left = 0.9;
    await p.tick();
    await p.tick(300_000);
    for (let i = 0; i < 3; i++) await p.tick();
    expect(await p.text(PROD)).toContain(digest('b'));
    expect(
      (await p.h.ledger.read({ type: 'proposal.ended' })).map((r) => (r.data as { how: string }).how),
    ).toEqual(['merged']);
  });

  it('PROMOTE-1: a newer version takes the open pull request over', async () => {
    const p = await promoting();
    for (const [version, letter] of [
      ['1.1.0', 'b'],
      ['1.2.0', 'c'],
    ] as const) {
      await p.commit('stage', version, letter);
      await p.tick();
      p.becomesStable('stage', version, letter);
      for (let i = 0; i < 3; i++) await p.tick();
    }
    expect(p.pulls().map((x) => x.pull.title)).toEqual(['Promote checkout 1.2.0 to prod']);
    expect(await p.h.ledger.read({ type: 'proposal.updated' })).toHaveLength(1);
  });

  it('PROMOTE-2: closed by a person it is not opened again, not even after a restart; asked for by hand it is', async () => {
    const p = await promoting();
    await p.commit('stage', '1.1.0', 'b');
    await p.tick();
    p.becomesStable('stage', '1.1.0', 'b');
    await p.tick();
    await p.tick();
    await p.h.forge.close(p.pulls()[0]!.pull.number);
    for (let i = 0; i < 4; i++) await p.tick(2_000);
    await p.restart();
    for (let i = 0; i < 4; i++) await p.tick(2_000);
    expect(p.pulls()).toEqual([]);
    const asked = await p.promoter().promote('checkout', 'prod', OPS, p.h.now());
    expect(asked).toMatchObject({ ok: true });
    await p.tick();
    expect(p.pulls()).toHaveLength(1);
    expect((await p.h.ledger.read({ type: 'proposal.opened' })).at(-1)!.actor.id).toBe('oidc:ops');
  });

  it('PROMOTE-3: the forge is down for an hour in the middle of it: it goes on by itself, once', async () => {
    let down = false;
    let lost = false;
    const wrapPromoter = (forge: ForgePort): ForgePort => ({
      ...forge,
      propose: async (change) => {
        if (down) return fail({ code: 'UNAVAILABLE', message: '504' });
        const made = await forge.propose(change);
        // The answer to the first one that was made is lost on its way.
        if (!lost) {
          lost = true;
          return fail({ code: 'UNAVAILABLE', message: 'connection reset' });
        }
        return made;
      },
    });
    const p = await promoting({ wrapPromoter });
    await p.commit('stage', '1.1.0', 'b');
    await p.tick();
    p.becomesStable('stage', '1.1.0', 'b');
    down = true;
    for (let i = 0; i < 60; i++) await p.tick(60_000);
    expect(p.pulls()).toEqual([]);
    down = false;
    for (let i = 0; i < 20; i++) await p.tick(10_000);
    expect(p.pulls()).toHaveLength(1);
    expect(await p.h.ledger.read({ type: 'proposal.opened' })).toHaveLength(1);
  });

  it('PROMOTE-6: by hand: order and condemnations hold it, and it says what it waits for', async () => {
    const p = await promoting();
    expect(await p.promoter().promote('checkout', 'stage', OPS, 1)).toMatchObject({
      ok: false,
      error: expect.stringContaining('nothing precedes'),
    });
    expect(await p.promoter().promote('checkout', 'mars', OPS, 1)).toMatchObject({ ok: false });
    await p.commit('stage', '1.1.0', 'b');
    await p.tick();
    expect(await p.promoter().promote('checkout', 'prod', OPS, 1)).toMatchObject({
      ok: false,
      error: expect.stringMatching(/stage is Stable on 1\.0\.0, and asks for 1\.1\.0/),
    });
  });
});

const READY = async (p: Awaited<ReturnType<typeof promoting>>) => {
  await p.commit('stage', '1.1.0', 'b');
  await p.tick();
  p.becomesStable('stage', '1.1.0', 'b');
  for (let i = 0; i < 3; i++) await p.tick();
};
const opened = async (p: Awaited<ReturnType<typeof promoting>>) =>
  (await p.h.ledger.read({ type: 'proposal.opened' })).length;

describe('what may happen to a promotion on its way', () => {
  it('PROMOTE-8: the file under it changed: it is written anew over that, and merges without conflict', async () => {
    const p = await promoting({ environments: 'promotion: { autoMerge: true }' });
    p.h.numbers.left = -1;
    await READY(p);
    const [before] = p.pulls();
    await p.h.repository.push('by-hand', {
      [PROD]: `${desired('1.0.0', 'a').replace('config: {}', 'config: { replicas: 4 }')}# more of it\n`,
      [STAGE]: desired('1.1.0', 'b'),
    });
    const { git } = await import('../../src/gitops/adapters/git/program.ts');
    await git(p.h.repository.remote, ['update-ref', 'refs/heads/main', 'refs/heads/by-hand']);
    p.set('prod', { stable: revision('1.0.0', 'a', { replicas: 4 }) });
    for (let i = 0; i < 3; i++) await p.tick();
    const [after] = p.pulls();
    expect(after!.pull.number).toBe(before!.pull.number);
    expect(after!.pull.head.sha).not.toBe(before!.pull.head.sha);
    p.h.numbers.left = 0.9;
    for (let i = 0; i < 4; i++) await p.tick(300_000);
    const text = (await p.text(PROD))!;
    expect(text).toContain(digest('b'));
    expect(text).toContain('replicas: 4');
    expect(text).toContain('# more of it');
    expect(await opened(p)).toBe(1);
  });

  it('PROMOTE-8: somebody pushed another artefact to its branch: it is put back before anything merges', async () => {
    const p = await promoting();
    await READY(p);
    const [before] = p.pulls();
    await p.h.repository.push(before!.pull.head.branch, { [PROD]: desired('6.6.6', 'e') });
    for (let i = 0; i < 4; i++) await p.tick();
    const [after] = p.pulls();
    const head = await p.h.forge.text(after!.pull.head.sha, PROD);
    expect(head.ok && head.value).toContain(digest('b'));
    expect((await p.h.ledger.read({ type: 'proposal.updated' })).at(-1)!.data).toMatchObject({
      why: expect.stringContaining('somebody changed its branch'),
    });
    for (let i = 0; i < 4; i++) await p.tick();
    expect(await p.h.ledger.read({ type: 'proposal.updated' })).toHaveLength(1);
  });

  it('PROMOTE-8: its branch was deleted: as on other forges it is closed, which is a no', async () => {
    const p = await promoting();
    await READY(p);
    await p.h.repository.remove(p.pulls()[0]!.pull.head.branch);
    for (let i = 0; i < 4; i++) await p.tick(2_000);
    expect(p.pulls()).toEqual([]);
    expect((await p.h.ledger.read({ type: 'proposal.ended' })).at(-1)!.data).toMatchObject({ how: 'closed' });
    for (let i = 0; i < 4; i++) await p.tick(2_000);
    expect(await opened(p)).toBe(1);
  });

  it.each(['no commits between main and x', 'There are no changes between the head and the base'])(
    'PROMOTE-8: a forge that answers "%s" was asked for what is there: nothing is wrong, nothing is recorded',
    async (message) => {
      const warned: string[] = [];
      const p = await promoting({
        wrapPromoter: (forge) => ({
          ...forge,
          propose: async () => fail({ code: 'INVALID', message: `Validation Failed: ${message}` }),
        }),
        warned,
      });
      await READY(p);
      expect(warned).toEqual([]);
      expect(await opened(p)).toBe(0);
    },
  );

  it('PROMOTE-8: a file that cannot be read is not written over; it is said, and goes on once it is mended', async () => {
    const warned: string[] = [];
    const p = await promoting({ warned });
    const { git } = await import('../../src/gitops/adapters/git/program.ts');
    const push = async (prod: string) => {
      await p.h.repository.push('by-hand', { [PROD]: prod, [STAGE]: desired('1.1.0', 'b') });
      await git(p.h.repository.remote, ['update-ref', 'refs/heads/main', 'refs/heads/by-hand']);
    };
    await push(`${desired('1.0.0', 'a')}---\nservice: cart\n`);
    await p.tick();
    p.becomesStable('stage', '1.1.0', 'b');
    for (let i = 0; i < 3; i++) await p.tick(6_000);
    expect(p.pulls()).toEqual([]);
    expect(warned.join()).toContain('environments/prod/checkout.yaml:');
    await push(desired('1.0.0', 'a'));
    for (let i = 0; i < 3; i++) await p.tick(6_000);
    expect(p.pulls()).toHaveLength(1);
  });

  it('PROMOTE-8: a merge that is declared and not taken waits before it is asked for again, and is said', async () => {
    let tries = 0;
    const warned: string[] = [];
    const p = await promoting({
      environments: 'promotion: { autoMerge: true }',
      wrapPromoter: (forge) => ({
        ...forge,
        merge: async (pull) => {
          tries++;
          return tries < 3 ? fail({ code: 'REFUSED', message: 'a review is required' }) : forge.merge(pull);
        },
      }),
      warned,
    });
    await READY(p);
    for (let i = 0; i < 3; i++) await p.tick(100);
    expect(tries).toBe(1);
    for (let i = 0; i < 3; i++) await p.tick(6_000);
    expect(await p.text(PROD)).toContain(digest('b'));
    expect(warned.join()).toContain('a review is required');
  });

  it('PROMOTE-12: a proposal that cannot be compared, since the forge asks to be left alone, is asked about once', async () => {
    let limited = false;
    let calls = 0;
    const p = await promoting({
      wrapPromoter: (forge) => ({
        ...forge,
        text: async (...args) => {
          if (!limited) return forge.text(...args);
          calls++;
          return fail({ code: 'RATE_LIMITED', message: '429', retryAfterMs: 60_000 });
        },
      }),
    });
    await READY(p);
    const { git } = await import('../../src/gitops/adapters/git/program.ts');
    await p.h.repository.push('by-hand', { 'README.md': 'other\n' });
    await git(p.h.repository.remote, ['update-ref', 'refs/heads/main', 'refs/heads/by-hand']);
    limited = true;
    for (let gone = 0; gone < 50_000; gone += 1_000) await p.tick(1_000);
    expect(calls).toBe(1);
    limited = false;
    for (let gone = 0; gone < 30_000; gone += 5_000) await p.tick(5_000);
    expect(p.pulls()).toHaveLength(1);
    expect(await opened(p)).toBe(1);
  });

  it('PROMOTE-12: a merge that is refused for hours is asked for ever more rarely; another commit is tried at once', async () => {
    let tries = 0;
    const p = await promoting({
      environments: 'promotion: { autoMerge: true }',
      wrapPromoter: (forge) => ({
        ...forge,
        merge: async () => {
          tries++;
          return fail({ code: 'REFUSED', message: 'a review is required' });
        },
      }),
    });
    await READY(p);
    for (let gone = 0; gone < 3 * 3_600_000; gone += 30_000) await p.tick(30_000);
    expect(tries).toBeGreaterThan(15);
    expect(tries).toBeLessThan(30);
    const before = tries;
    const { git } = await import('../../src/gitops/adapters/git/program.ts');
    await p.h.repository.push('by-hand', { 'README.md': 'other\n' });
    await git(p.h.repository.remote, ['update-ref', 'refs/heads/main', 'refs/heads/by-hand']);
    for (let n = 0; n < 3; n++) await p.tick(1_000);
    expect(tries).toBe(before + 1);
  });

  it('PROMOTE-13: a merge that was accepted and is not seen yet is asked for ever more rarely, never in a loop', async () => {
    let [tries, isTaken] = [0, false];
    const p = await promoting({
      environments: 'promotion: { autoMerge: true }',
      wrapPromoter: (forge) => ({
        ...forge,
        merge: async (pull) => {
          tries++;
          return isTaken ? forge.merge(pull) : ok('merged');
        },
      }),
    });
    await READY(p);
    for (let gone = 0; gone < 120_000; gone += 1_000) await p.tick(1_000);
    expect(tries).toBeGreaterThan(2);
    expect(tries).toBeLessThan(8);
    isTaken = true;
    for (let gone = 0; gone < 300_000; gone += 10_000) await p.tick(10_000);
    expect(await p.text(PROD)).toContain(digest('b'));
    expect(await opened(p)).toBe(1);
  });

  it('PROMOTE-9: the request tells the digest, what was seen, who wrote it, and what changes', async () => {
    const p = await promoting({ authors: ['Ada <b>@everybody</b>'] });
    const release = {
      id: 'checkout.stage.2',
      intervals: { 'checkout-availability': [{ step: 0, canary: { total: 400, bad: 1 }, stable: null }] },
      verdict: { verdict: 'pass', reasons: ['TRIED_ENOUGH'], numbers: [] },
      loads: [
        {
          run: 'r',
          tool: 'k6',
          outcome: 'passed',
          requests: 600,
          failed: 0,
          p95Ms: 9,
          thresholds: [],
          startedAt: 0,
          endedAt: 1,
          note: '',
        },
      ],
    };
    p.set('stage', { release: release as never });
    await READY(p);
    const kept = JSON.parse(readFileSync(join(p.h.repository.remote, '..', 'pulls.json'), 'utf8'));
    const body: string = kept.pulls.at(-1).body;
    expect(body).toContain(digest('b'));
    expect(body).toContain('1 bad of 400 requests; 80.0% of the budget remaining');
    expect(body).toContain('k6 passed: 0 of 600 requests failed');
    expect(body).toContain('Written by Ada beverybodyb.');
    expect(body).toMatch(/-version: 1\.0\.0\n-digest: .*\n\+version: 1\.1\.0/);
  });

  it('PROMOTE-10: whoever brought a version that failed is told on its pull request, once, after a restart too', async () => {
    const p = await promoting();
    const number = await p.h.open({ [STAGE]: desired('1.1.0', 'b') }, { autoMerge: true });
    for (let i = 0; i < 3; i++) await p.tick();
    const failed = {
      id: 'checkout.stage.2',
      target: revision('1.1.0', 'b'),
      blamed: true,
      endedAt: 1,
      cause: 'HARM_SHOWN',
      verdict: null,
      intervals: { 'checkout-availability': [{ step: 0, canary: { total: 300, bad: 60 }, stable: null }] },
      loads: [],
    };
    p.set('stage', { state: 'Degraded', release: failed as never });
    for (let i = 0; i < 3; i++) await p.tick();
    await p.restart();
    for (let i = 0; i < 3; i++) await p.tick();
    const kept = JSON.parse(readFileSync(join(p.h.repository.remote, '..', 'pulls.json'), 'utf8'));
    const [comment] = Object.values(kept.pulls.find((x: { number: number }) => x.number === number).comments);
    expect(comment).toContain('checkout 1.1.0 failed in stage');
    expect(comment).toContain('60 bad of 300 requests');
    expect(comment).toContain('new digest');
    expect(await p.h.ledger.read({ type: 'author.told' })).toHaveLength(1);
  });
});

describe('after a rollback', () => {
  const rejected = (letter: string, version: string) => [
    {
      revision: revision(version, letter).revision,
      digest: digest(letter),
      reason: 'HARM_SHOWN' as const,
      identity: null,
      release: 'checkout.prod.2',
    },
  ];

  it('PROMOTE-4: Git is put right under a freeze: digest and configuration of what serves', async () => {
    const p = await promoting({ environments: 'promotion: { autoRevert: true }' });
    p.set('prod', { stable: revision('1.0.0', 'a', { replicas: 3 }) });
    p.set('stage', { served: [digest('a'), digest('b')], stable: revision('1.1.0', 'b') });
    await p.commit('stage', '1.1.0', 'b');
    await p.commit('prod', '1.1.0', 'b');
    await p.h.governance.freeze(
      {
        id: 'f',
        scope: { environment: '*', service: '*' },
        reason: 'incident',
        until: p.h.now() + 3_600_000,
      },
      OPS,
      p.h.now(),
    );
    p.h.numbers.left = -2;
    p.set('prod', { state: 'Degraded', rejected: rejected('b', '1.1.0') });
    for (let i = 0; i < 4; i++) await p.tick();
    const text = (await p.text(PROD))!;
    expect(parseDesired(PROD, text, 'checkout')).toMatchObject({
      ok: true,
      value: { version: '1.0.0', digest: digest('a'), config: { replicas: 3 } },
    });
    const decided = (await p.h.ledger.read({ type: 'gate.decided' })).map(
      (r) => (r.data as { decision: { allow: boolean; recorded: { code: string }[] } }).decision,
    );
    expect(decided.at(-1)).toMatchObject({ allow: true, recorded: [{ code: 'REVERT' }] });
    // And what failed is not promoted again, though stage still runs it.
    for (let i = 0; i < 4; i++) await p.tick();
    expect(p.pulls()).toEqual([]);
  });

  it('PROMOTE-4: a newer commit supersedes the revert', async () => {
    const p = await promoting();
    p.set('stage', { served: [digest('a'), digest('b'), digest('c')], stable: revision('1.2.0', 'c') });
    await p.commit('stage', '1.2.0', 'c');
    await p.commit('prod', '1.1.0', 'b');
    p.set('prod', { state: 'Degraded', rejected: rejected('b', '1.1.0') });
    for (let i = 0; i < 2; i++) await p.tick();
    expect(p.pulls().map((x) => x.pull.title)).toContain('Revert checkout to 1.0.0 in prod');
    await p.commit('prod', '1.2.0', 'c');
    for (let i = 0; i < 3; i++) await p.tick();
    expect(p.pulls().map((x) => x.pull.title)).not.toContain('Revert checkout to 1.0.0 in prod');
  });

  it('ORDER-8: merged by force it is held before any traffic, by the order', async () => {
    const p = await promoting();
    await p.commit('prod', '9.9.9', 'f');
    await p.tick();
    const { lanes } = p.h;
    expect(orderHold(p.h.platform, lanes, p.state(), 'checkout/prod', digest('f'))).toContain(
      'never stable in stage',
    );
    expect(orderHold(p.h.platform, lanes, p.state(), 'checkout/prod', digest('a'))).toBeNull();
    expect(orderHold(p.h.platform, lanes, p.state(), 'checkout/stage', digest('f'))).toBeNull();
  });
});

describe('the file of a lane', () => {
  it('PROMOTE-5: comments, order, quotes, anchors and line ends stay; only the artefact changes', () => {
    const text = [
      '# Who is asked: the checkout team',
      'service: checkout',
      'config: &shared # of everybody',
      '  replicas: 3',
      'version: "1.0.0" # the version is for people',
      `digest: ${digest('a')}`,
      '',
    ].join('\r\n');
    const changed = withArtefact(text, 'checkout', { version: '1.1.0', digest: digest('b') });
    expect(changed).toBe(text.replace('"1.0.0"', '"1.1.0"').replace(digest('a'), digest('b')));
    expect(withArtefact(changed, 'checkout', { version: '1.0.0', digest: digest('a') })).toBe(text);
  });
  it('PROMOTE-5: aliases and anchored values are replaced where they stand, and nothing else', () => {
    const text = `values: { image: &d "${digest('a')}", label: &v 1.0.0 }\nservice: checkout\nversion: *v\ndigest: *d\n`;
    const changed = withArtefact(text, 'checkout', { version: '1.1.0', digest: digest('b') });
    expect(changed).toContain(`digest: ${digest('b')}`);
    expect(changed).toContain(`image: &d "${digest('a')}"`);
    const anchored = withArtefact(
      `service: checkout\nversion: &v 1.0.0\ndigest: ${digest('a')}\nvalues: { label: *v }\n`,
      'checkout',
      {
        version: '1.1.0',
        digest: digest('b'),
      },
    );
    expect(anchored).toContain('version: &v 1.1.0');
    expect(parseDesired('x', changed, 'checkout')).toMatchObject({
      ok: true,
      value: { version: '1.1.0', digest: digest('b') },
    });
    expect(parseDesired('x', anchored, 'checkout')).toMatchObject({
      ok: true,
      value: { config: { label: '1.1.0' } },
    });
  });
  it('PROMOTE-5: a file that is not there yet is written anew', () => {
    const made = withArtefact(null, 'cart', { version: '1', digest: digest('c') });
    expect(parseDesired('x', made, 'cart')).toMatchObject({ ok: true, value: { version: '1' } });
  });
});
