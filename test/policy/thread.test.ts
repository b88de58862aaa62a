import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { SAMPLES } from '../../scripts/samples.ts';
import { askPolicy } from '../../src/controller/gate/decide.ts';
import { type ThreadPolicy, threadPolicy } from '../../src/governance/adapters/opa-wasm/thread-policy.ts';
import { unblockOf } from '../../src/governance/decision-text.ts';
import { POLICY, wasm } from './engines.ts';

const closing: ThreadPolicy[] = [];
afterEach(async () => {
  for (const policy of closing.splice(0)) await policy.close();
});
/** So little memory that facts of a few hundred lanes are too many. */
const SMALL = { maxPages: 64 } as const;
const onThread = (limits: Parameters<typeof threadPolicy>[1] = {}, of: object = {}): ThreadPolicy => {
  const policy = threadPolicy({ directory: POLICY, ...of }, limits);
  closing.push(policy);
  return policy;
};
const factsOf = (file: string) => JSON.parse(readFileSync(join(POLICY, 'samples', file), 'utf8')) as object;
const ALLOWED = factsOf('budget.allowed.json');
/** A pull request that changes very many lanes. */
const changing = (lanes: number) => ({
  ...ALLOWED,
  changes: Array.from({ length: lanes }, (_, i) => ({
    service: `s${i}`,
    environment: `e${i % 80}`,
    kind: 'declaration',
    from: null,
  })),
});

const RELAXED = {
  path: 'spec.evidence.tolerance',
  slo: '*',
  service: '*',
  environment: '*',
  what: 'it tolerates more',
  from: 1,
  to: 2,
};

describe('the policy on a thread of its own', () => {
  it('GATE-28: it answers as it does here, and says the same of itself', async () => {
    const [there, here] = [onThread(), wasm()];
    expect(await there.identity()).toEqual(await here.identity());
    for (const { file } of SAMPLES)
      expect([file, await there.gate(factsOf(file))]).toEqual([file, await here.gate(factsOf(file))]);
    expect(await there.team(ALLOWED)).toEqual(await here.team(ALLOWED));
  });

  it('GATE-28: a pull request with thousands of changes gets no answer, and this thread goes on meanwhile', async () => {
    const policy = onThread({}, SMALL);
    await policy.identity();
    let turns = 0;
    let done = false;
    const answer = policy.gate(changing(4_000)).finally(() => {
      done = true;
    });
    while (!done) {
      await new Promise((next) => setImmediate(next));
      turns++;
    }
    expect(await answer).toMatchObject({
      ok: false,
      error: { code: 'TOO_LARGE', message: expect.stringContaining('the facts are too large') },
    });
    expect(turns).toBeGreaterThan(100);
    expect(await policy.gate(ALLOWED)).toMatchObject({ ok: true });
  });

  it('GATE-28: over the limit of the processor there is no answer either, and the next one is asked', async () => {
    // The limit is the point: what is too much takes several times of it, the next one fits on a slow machine.
    const policy = onThread({ cpuMs: 3_000, timeMs: 1_200_000 });
    await policy.identity();
    expect(await policy.gate(changing(100_000))).toEqual({
      ok: false,
      error: {
        code: 'POLICY_UNDEFINED',
        message: 'evaluating the policy takes more than 3 s of the processor',
      },
    });
    expect(await policy.gate(ALLOWED)).toMatchObject({ ok: true });
  });

  it('GATE-29: more lanes than the policy holds are denied with their number, and what to do', async () => {
    const denied = async (facts: object) => (await askPolicy(wasm(SMALL), facts)).answer;
    const over = await denied({ ...ALLOWED, pullRequest: { lanes: 6_400 } });
    expect(over).toMatchObject({
      allow: false,
      deny: [{ code: 'TOO_MANY_LANES', msg: 'it changes 6400 lanes; at most 4000 are judged at once' }],
    });
    expect(unblockOf(over.deny[0]!)).toMatch(/^split the pull request/);
    const overflow = await denied(changing(4_000));
    expect(overflow).toMatchObject({ allow: false, deny: [{ code: 'TOO_MANY_LANES' }] });
    const files = await denied({ ...ALLOWED, pullRequest: { lanes: 1_500 } });
    expect(files.deny).toMatchObject([
      {
        code: 'TOO_MANY_LANES',
        msg: 'it changes 1500 files of the desired state; at most 1000 are judged at once',
      },
    ]);
    const kept = { ...changing(1_000), slos: Array.from({ length: 20_000 }, (_, i) => ({ slo: `s${i}` })) };
    expect((await denied(kept)).deny).toMatchObject([
      {
        code: 'TOO_MANY_LANES',
        msg: 'it changes 1000 lanes with 20000 budgets, and what is known of them is more than the policy holds at once',
      },
    ]);
  });

  it('GATE-30: a change of a whole fleet is judged: 3,000 lanes with two budgets each', async () => {
    const { slos, lanes } = ALLOWED as { slos: object[]; lanes: object[] };
    const at = (i: number) => ({ service: `s${i % 1_000}`, environment: ['dev', 'stage', 'prod'][i % 3]! });
    const fleet = (left: number) => ({
      ...ALLOWED,
      changes: Array.from({ length: 3_000 }, (_, i) => ({ ...at(i), kind: 'declaration', from: null })),
      lanes: Array.from({ length: 3_000 }, (_, i) => ({ ...lanes[0], ...at(i) })),
      slos: Array.from({ length: 6_000 }, (_, i) => ({ ...slos[0], ...at(i >> 1), slo: `slo-${i}`, left })),
      declaration: { problems: [], relaxed: [RELAXED] },
    });
    const policy = onThread({ cpuMs: 600_000, timeMs: 1_200_000 });
    expect(await policy.gate(fleet(0.5))).toMatchObject({ ok: true, value: { allow: true } });
    const spent = await policy.gate(fleet(-0.1));
    expect(spent).toMatchObject({ ok: true, value: { allow: false } });
    expect((spent as { value: { deny: { code: string }[] } }).value.deny).toHaveLength(6_000);
  });

  it('GATE-28: closed, it cannot be reached', async () => {
    const policy = onThread();
    await policy.close();
    expect(await policy.gate(ALLOWED)).toMatchObject({ ok: false, error: { code: 'POLICY_UNREACHABLE' } });
  });
});
