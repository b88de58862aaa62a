import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { pullViewOf } from '../../src/api/governance.ts';
import type { ForgeFailure, ForgePort, Posted } from '../../src/gitops/forge.ts';
import { heedingLimits, retryInMs } from '../../src/gitops/forge-backoff.ts';
import { fail, ok } from '../../src/kit/result.ts';
import { codes, desired, type GateHouse, gateHouse, type HouseOptions, stableIn } from './harness.ts';

const PROD = 'environments/prod/checkout.yaml';
const MINUTE = 60_000;
const REFUSED: ForgeFailure = { code: 'FORBIDDEN', message: 'the conversation is locked' };
const LIMITED: ForgeFailure = { code: 'RATE_LIMITED', message: '429', retryAfterMs: MINUTE };

const houses: GateHouse[] = [];
afterEach(() => {
  for (const made of houses.splice(0)) made.close();
});
const house = async (options: HouseOptions = {}) => {
  const h = await gateHouse(options);
  houses.push(h);
  h.lanes.set('checkout/prod', { ...h.lanes.get('checkout/prod')!, ...stableIn('a') });
  return h;
};
const value = <T>(r: { ok: true; value: T } | { ok: false; error: unknown }): T => {
  if (!r.ok) throw new Error(JSON.stringify(r.error));
  return r.value;
};
/** Looks twice a second, as the server does; or more rarely, over a longer time. */
const during = async (h: GateHouse, ms: number, everyMs = 500) => {
  for (let gone = 0; gone < ms; gone += everyMs) await h.tick(everyMs);
};
/** What stands at a commit. */
const statusAt = (h: GateHouse, sha: string): string | undefined =>
  JSON.parse(readFileSync(join(h.repository.remote, '..', 'pulls.json'), 'utf8')).statuses[sha]?.[
    'sluice/gate'
  ]?.state;
const typesOf = async (h: GateHouse) =>
  (await h.ledger.read()).map((r) => r.type).filter((t) => t.startsWith('gate.'));
const count = async (h: GateHouse, type: string) => (await typesOf(h)).filter((t) => t === type).length;

describe('posting a decision', () => {
  it('POST-1: what cannot be posted is tried again later and later, and decided once: the ledger does not grow', async () => {
    const tries: number[] = [];
    let down = true;
    const wrap = (forge: ForgePort): ForgePort => ({
      ...forge,
      report: async (...args) => {
        tries.push(h.now());
        return down ? fail(REFUSED) : forge.report(...args);
      },
    });
    const h = await house({ wrap });
    const number = await h.open({ [PROD]: desired('1.1.0', 'b') });
    await during(h, 9 * MINUTE, 5_000);
    expect(await typesOf(h)).toEqual(['gate.decided']);
    const waits = tries.slice(1).map((at, i) => at - tries[i]!);
    expect(waits).toEqual([5_000, 10_000, 20_000, 40_000, 80_000, 160_000]);
    expect(h.gate.pulls()[0]).toMatchObject({ trouble: REFUSED, decision: { allow: true } });
    down = false;
    await during(h, 10 * MINUTE, 5_000);
    expect(await h.status(number)).toBe('success');
    expect(h.gate.pulls()[0]!.trouble).toBeNull();
    expect(await count(h, 'gate.posted')).toBe(1);
    // Renewed when its decision expired, and only then.
    expect(await count(h, 'gate.decided')).toBe(2);
  });

  it('POST-1: a comment that is refused for hours is tried again, while the check stands and nothing more is decided', async () => {
    let told = 0;
    const wrap = (forge: ForgePort): ForgePort => ({
      ...forge,
      report: async (...args) => {
        told++;
        const posted = await forge.report(...args);
        return posted.ok ? ok({ ...posted.value, untold: REFUSED }) : posted;
      },
    });
    const h = await house({ wrap });
    const number = await h.open({ [PROD]: desired('1.1.0', 'b') });
    await during(h, 180 * MINUTE, 20_000);
    expect(await h.status(number)).toBe('success');
    expect(await count(h, 'gate.posted')).toBe(1);
    expect(await count(h, 'gate.decided')).toBeLessThanOrEqual(20);
    expect(told).toBeLessThanOrEqual(60);
  });

  it('POST-1: another outcome is posted at once, whatever happened to the one before', async () => {
    const states: string[] = [];
    const wrap = (forge: ForgePort): ForgePort => ({
      ...forge,
      report: async (pull, report) => {
        states.push(report.state);
        return states.length < 4 ? fail(REFUSED) : forge.report(pull, report);
      },
    });
    const h = await house({ wrap });
    const number = await h.open({ [PROD]: desired('1.1.0', 'b') });
    await during(h, 20_000);
    expect(states).toEqual(['success', 'success', 'success']);
    h.numbers.left = -1;
    await h.tick(500);
    expect(states.at(-1)).toBe('failure');
    expect(await h.status(number)).toBe('failure');
  });

  it('POST-2: a forge that asks to be left alone gets one call, from all who ask it together', async () => {
    let calls = 0;
    let limited = false;
    const counting = (forge: ForgePort): ForgePort =>
      new Proxy(forge, {
        get(target, name: keyof ForgePort) {
          const method = target[name];
          if (typeof method !== 'function' || name === 'hint') return method;
          return async (...args: unknown[]) => {
            calls++;
            return limited ? fail(LIMITED) : (method as (...a: unknown[]) => unknown)(...args);
          };
        },
      });
    const h = await house({ wrap: counting });
    for (const letter of ['b', 'c', 'd']) await h.open({ [PROD]: desired('1.1.0', letter) });
    await h.tick();
    limited = true;
    const [before, decided] = [calls, await count(h, 'gate.decided')];
    h.numbers.left = -1;
    await during(h, 55_000);
    expect(calls - before).toBe(1);
    expect(await count(h, 'gate.decided')).toBe(decided);
    expect(await h.gate.evaluate(1, 'asked')).toMatchObject({ ok: false, error: { code: 'RATE_LIMITED' } });
    limited = false;
    await during(h, 20_000);
    for (const number of [1, 2, 3]) expect(await h.status(number)).toBe('failure');
  });

  it('POST-3: a merge queue under a limit of a minute: one call then, one decision, and one post in the end', async () => {
    let limited = false;
    let calls = 0;
    const limiting = <A extends unknown[], T>(call: (...args: A) => Promise<T>) =>
      (async (...args: A) => {
        calls++;
        return limited ? fail(LIMITED) : call(...args);
      }) as unknown as (...args: A) => Promise<T>;
    for (const method of ['pull', 'report'] as const) {
      limited = false;
      const h = await house({
        wrap: (forge) => ({
          ...forge,
          [method]: limiting(forge[method] as (...a: unknown[]) => Promise<unknown>),
        }),
      });
      const number = await h.open({ 'README.md': 'words\n' });
      await h.tick();
      const pull = value(await h.forge.pull(number));
      const group = await h.repository.push('gh-readonly-queue/main/pr-1-abc', { 'README.md': 'words\n' });
      limited = true;
      calls = 0;
      const decided = async () =>
        (await h.ledger.read({ type: 'gate.decided' })).filter(
          (r) => (r.data as { trigger: string }).trigger === 'merge group',
        ).length;
      for (let n = 0; n < 3; n++)
        h.gate.hint({
          kind: 'merge-group',
          pull: number,
          headSha: group,
          baseSha: pull.base.sha,
          delivery: `${n}`,
        });
      await during(h, 10_000);
      expect(calls, method).toBe(1);
      expect(await decided(), method).toBe(method === 'pull' ? 0 : 1);
      limited = false;
      await during(h, MINUTE);
      expect(await decided(), method).toBe(1);
      expect(statusAt(h, group)).toBe('success');
    }
  });

  it('POST-3: a merge group that is gone, or that fails for an hour, is given up', async () => {
    let asked = 0;
    const h = await house({
      wrap: (forge) => ({
        ...forge,
        pull: async (number) => {
          asked++;
          return number === 98 ? fail({ code: 'FORBIDDEN', message: 'no' }) : forge.pull(number);
        },
      }),
    });
    const hint = (pull: number) =>
      h.gate.hint({ kind: 'merge-group', pull, headSha: `${pull}`, baseSha: 'b', delivery: '' });
    hint(99);
    await during(h, 5_000);
    expect(asked).toBe(1);
    hint(98);
    await during(h, 120 * MINUTE, MINUTE);
    const tries = asked;
    expect(tries).toBeLessThan(30);
    await during(h, 600 * MINUTE, 5 * MINUTE);
    expect(asked).toBe(tries);
  });

  it('POST-3: what was decided of a merge group is decided anew once its time is over', async () => {
    let down = true;
    const states: string[] = [];
    const h = await house({
      wrap: (forge) => ({
        ...forge,
        report: async (pull, report) => {
          if (pull.head.sha !== group) return forge.report(pull, report);
          states.push(report.state);
          return down ? fail(REFUSED) : forge.report(pull, report);
        },
      }),
    });
    let group = '';
    const number = await h.open({ 'README.md': 'words\n' });
    await h.tick();
    const pull = value(await h.forge.pull(number));
    group = await h.repository.push('gh-readonly-queue/main/pr-1-abc', { [PROD]: desired('1.1.0', 'b') });
    h.gate.hint({ kind: 'merge-group', pull: number, headSha: group, baseSha: pull.base.sha, delivery: '' });
    await during(h, 5 * MINUTE, 5_000);
    expect(new Set(states)).toEqual(new Set(['success']));
    h.numbers.left = -1;
    await during(h, 20 * MINUTE, 5_000);
    down = false;
    await during(h, 20 * MINUTE, 5_000);
    expect(states.at(-1)).toBe('failure');
  });

  it('POST-4: a head that moved is not judged by what was decided of the one before, while the forge does not answer', async () => {
    let down = false;
    const h = await house({
      wrap: (forge) => ({
        ...forge,
        files: async (pull) => (down ? fail({ code: 'UNAVAILABLE', message: '502' }) : forge.files(pull)),
      }),
    });
    const number = await h.open({ 'README.md': 'harmless\n' });
    await h.tick();
    const before = value(await h.forge.pull(number)).head.sha;
    expect(h.gate.allowed(number, before)).toBe(true);
    down = true;
    const now = await h.repository.push('change-1', { [PROD]: desired('6.6.6', 'f') });
    await during(h, 10_000);
    expect(h.gate.allowed(number, now)).toBeNull();
    expect(pullViewOf(h.gate.pulls()[0]!)).toMatchObject({ headSha: now, allow: null });
  });

  it('POST-4: files and post are of the commit that was read: where the head moves meanwhile, the new one is judged on its own', async () => {
    let moved = false;
    const wrap = (forge: ForgePort): ForgePort => ({
      ...forge,
      files: async (pull) => {
        if (!moved) {
          moved = true;
          await h.repository.push('change-1', { [PROD]: desired('6.6.6', 'f') });
        }
        return forge.files(pull);
      },
    });
    const h = await house({ wrap });
    const number = await h.open({ 'README.md': 'harmless\n' });
    const before = value(await h.forge.pull(number)).head.sha;
    await h.tick();
    const posted = async () =>
      (await h.ledger.read({ type: 'gate.posted' })).map((r) => r.data as { headSha: string; state: string });
    expect(await posted()).toMatchObject([{ headSha: before, state: 'success' }]);
    expect(await h.status(number)).toBeUndefined();
    expect(h.gate.allowed(number, value(await h.forge.pull(number)).head.sha)).toBeNull();
    await h.tick(2_000);
    expect(await h.status(number)).toBe('failure');
    expect(codes(h.decision(number))).toEqual(['NOT_STABLE_BEFORE']);
    expect(await posted()).toHaveLength(2);
  });
});

describe('somebody else who posts under the name of our check', () => {
  /** A forge on which somebody posts over ours whenever the test says so. */
  async function contested() {
    let over: Posted['foreign'] = null;
    const reports: string[] = [];
    const warned: string[] = [];
    const h = await house({
      warned,
      wrap: (forge) => ({
        ...forge,
        kind: 'gitea',
        report: async (pull, report) => {
          reports.push(report.state);
          const done = await forge.report(pull, report);
          if (!done.ok || !over) return done;
          const foreign = over;
          over = null;
          return ok({ post: 'posted', foreign, untold: null });
        },
      }),
    });
    h.numbers.left = -1;
    const number = await h.open({ [PROD]: desired('1.1.0', 'b') });
    await h.tick(20_000);
    const sha = value(await h.forge.pull(number)).head.sha;
    const strike = () => {
      over = { by: 'mallory', state: 'success' };
    };
    const status = () =>
      h.gate.hint({ kind: 'status', pull: null, headSha: sha, baseSha: null, delivery: '' });
    return { h, reports, warned, strike, status };
  }

  it('POST-5: is found by polling, replaced without another decision, put on record and shown', async () => {
    const c = await contested();
    const before = c.reports.length;
    c.strike();
    await during(c.h, 35_000);
    expect(c.reports.length).toBeGreaterThan(before);
    expect(await count(c.h, 'gate.decided')).toBe(1);
    const records = await c.h.ledger.read({ type: 'gate.posted' });
    expect(records.map((r) => (r.data as { foreign?: object }).foreign)).toEqual([
      undefined,
      { by: 'mallory', state: 'success' },
    ]);
    expect(c.warned.some((w) => w.includes('somebody else posted'))).toBe(true);
    expect(pullViewOf(c.h.gate.pulls()[0]!).trouble).toBe(
      'FOREIGN_POST: mallory posted success under the name of the Sluice check; Sluice posted its own again',
    );
  });

  it('POST-5: told by a webhook it is replaced at the next look, and an innocent status asks for nothing else', async () => {
    const c = await contested();
    const before = c.reports.length;
    c.strike();
    c.status();
    await c.h.tick(500);
    expect(c.reports.length).toBe(before + 1);
    expect(await count(c.h, 'gate.posted')).toBe(2);
    c.status();
    await c.h.tick(500);
    expect(await count(c.h, 'gate.posted')).toBe(2);
    expect(await count(c.h, 'gate.decided')).toBe(1);
  });

  it('POST-5: who does it all day is replaced each time, and on record six times an hour at most', async () => {
    const c = await contested();
    const replaced = c.reports.length;
    for (let n = 0; n < 1_200; n++) {
      c.strike();
      c.status();
      await c.h.tick(3_000);
    }
    expect(c.reports.length - replaced).toBeGreaterThanOrEqual(1_200);
    const foreign = (await c.h.ledger.read({ type: 'gate.posted' })).filter(
      (r) => (r.data as { foreign?: object }).foreign,
    );
    // Once for each decision that was renewed, too.
    expect(foreign.length).toBeLessThanOrEqual(13);
  });
});

describe('backing off', () => {
  it('POST-2: later and later up to a bound, and never sooner than the forge said', () => {
    const waits = (error: ForgeFailure) =>
      [1, 2, 3, 8, 9, 100, 5_000].map((n) => retryInMs(n, error) / 1_000);
    expect(waits(REFUSED)).toEqual([5, 10, 20, 600, 600, 600, 600]);
    expect(waits({ code: 'UNAVAILABLE', message: '' })).toEqual([5, 10, 20, 60, 60, 60, 60]);
    expect(waits({ ...REFUSED, retryAfterMs: 30_000 })).toEqual([30, 30, 30, 600, 600, 600, 600]);
    expect(retryInMs(1, { ...LIMITED, retryAfterMs: 10 ** 12 })).toBe(3_600_000);
  });

  it('POST-2: a limit that is over, or a clock that was set back, closes nothing', async () => {
    let now = 10 * MINUTE;
    let calls = 0;
    const h = await house();
    const forge = heedingLimits(
      {
        ...h.forge,
        openPulls: async () => {
          calls++;
          return calls === 1 ? fail(LIMITED) : ok([]);
        },
      },
      () => now,
    );
    expect((await forge.openPulls()).ok).toBe(false);
    expect(await forge.text('main', 'x')).toMatchObject({ ok: false, error: { retryAfterMs: MINUTE } });
    now += MINUTE;
    expect((await forge.openPulls()).ok).toBe(true);
    calls = 0;
    expect((await forge.openPulls()).ok).toBe(false);
    now -= 365 * 86_400_000;
    expect((await forge.openPulls()).ok).toBe(true);
  });
});
