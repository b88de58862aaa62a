import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import type { Adjustment } from '../../src/runtime/budget.ts';
import { INVARIANTS } from './planes/invariants/all.ts';
import { optionsOf, play, storyFor } from './planes/run.ts';
import type { WorldOptions } from './planes/world.ts';

/**
 * Bugs that the product had, or might have, planted one at a time: the simulator has to find each. They are planted
 * where one module calls another, so that the rest of the product is unchanged.
 */
const planted = vi.hoisted(() => ({ bug: '' }));
const has = (bug: string): boolean => planted.bug === bug;

vi.mock('../../src/delivery/admission.ts', async (original) => {
  const real = await original<typeof import('../../src/delivery/admission.ts')>();
  const isHeldBack: typeof real.isHeldBack = (lane, wanted, hold) =>
    has('start gate by digest') && lane.served.includes(wanted.digest) && hold?.id !== 'order'
      ? false
      : real.isHeldBack(
          lane,
          wanted,
          has('no freeze at the start gate') && hold?.id !== 'order' ? null : hold,
        );
  const isRefused: typeof real.isRefused = (lane, wanted) =>
    has('condemned by revision alone')
      ? (lane?.rejected ?? []).some((r) => r.revision === wanted.revision)
      : real.isRefused(lane, wanted);
  return { ...real, isHeldBack, isRefused };
});
vi.mock('../../src/gitops/promotion.ts', async (original) => {
  const real = await original<typeof import('../../src/gitops/promotion.ts')>();
  const orderObjection: typeof real.orderObjection = (...given) =>
    has('order forgotten') ? null : real.orderObjection(...given);
  return { ...real, orderObjection };
});
vi.mock('../../src/controller/lanes/effects.ts', async (original) => {
  const real = await original<typeof import('../../src/controller/lanes/effects.ts')>();
  const deliverHandler: typeof real.deliverHandler = (...given) => {
    const handler = real.deliverHandler(...given);
    return has('effects without a probe') ? { ...handler, probe: async () => 'absent' as const } : handler;
  };
  return { ...real, deliverHandler };
});
vi.mock('../../src/controller/flow/fatal.ts', async (original) => {
  const real = await original<typeof import('../../src/controller/flow/fatal.ts')>();
  const isFatal: typeof real.isFatal = (thrown) =>
    has('one file stops all') ? thrown instanceof Error : real.isFatal(thrown);
  return { ...real, isFatal };
});
vi.mock('../../src/gitops/desired.ts', async (original) => {
  const real = await original<typeof import('../../src/gitops/desired.ts')>();
  const parseDesired: typeof real.parseDesired = (file, text, service) => {
    const said = real.parseDesired(file, text, service);
    // The simulated world reads files as well: it is not the part with the bug.
    if (!said.ok && has('one file stops all') && !new Error().stack?.includes('/planes/git.ts'))
      throw new Error(`${file} cannot be read`);
    return said;
  };
  return { ...real, parseDesired };
});
vi.mock('../../src/controller/desired-reading.ts', async (original) => {
  const real = await original<typeof import('../../src/controller/desired-reading.ts')>();
  const createDesiredReading: typeof real.createDesiredReading = (port, warn) => {
    if (!has('a commit stops aborts')) return real.createDesiredReading(port, warn);
    let last: Awaited<ReturnType<typeof port.read>> = null;
    return {
      last: () => last,
      refresh: async () => {
        last = (await port.read()) ?? last;
      },
    };
  };
  return { ...real, createDesiredReading };
});
vi.mock('../../src/kit/backoff.ts', async (original) => {
  const real = await original<typeof import('../../src/kit/backoff.ts')>();
  const backoffMs: typeof real.backoffMs = (backoff, failures) =>
    has('no pause') ? 0 : has('never tried again') ? 1e9 : real.backoffMs(backoff, failures);
  return { ...real, backoffMs };
});
vi.mock('../../src/gitops/forge-backoff.ts', async (original) => {
  const real = await original<typeof import('../../src/gitops/forge-backoff.ts')>();
  const heedingLimits: typeof real.heedingLimits = (forge, now) =>
    has('no pause') ? forge : real.heedingLimits(forge, now);
  return { ...real, heedingLimits };
});
vi.mock('../../src/gitops/forge.ts', async (original) => {
  const real = await original<typeof import('../../src/gitops/forge.ts')>();
  const postNeeded: typeof real.postNeeded = (standing, report, now) =>
    has('what stands is believed') && standing ? 'unchanged' : real.postNeeded(standing, report, now);
  return { ...real, postNeeded };
});
vi.mock('../../src/controller/promotion/promoter.ts', async (original) => {
  const real = await original<typeof import('../../src/controller/promotion/promoter.ts')>();
  const createPromoter: typeof real.createPromoter = (parts) => {
    const { gate } = parts;
    const eager = {
      ...gate,
      allowed: (number: number, sha: string) => has('merged without asking') || gate.allowed(number, sha),
    };
    return real.createPromoter({ ...parts, gate: eager });
  };
  return { ...real, createPromoter };
});
vi.mock('../../src/controller/governance/governance.ts', async (original) => {
  const real = await original<typeof import('../../src/controller/governance/governance.ts')>();
  const createGovernance: typeof real.createGovernance = (parts) => {
    const blind: typeof parts.statuses = {
      ...parts.statuses,
      of(slo, environment) {
        const status = parts.statuses.of(slo, environment);
        if (!has('exclusions count in freezes') || status.requests === null || status.bad === null)
          return status;
        const sum = (of: (a: Adjustment) => number) => status.excluded.reduce((all, a) => all + of(a), 0);
        const [requests, bad] = [status.requests + sum((a) => a.requests), status.bad + sum((a) => a.bad)];
        return { ...status, excluded: [], left: 1 - bad / (requests * (1 - status.objective)) };
      },
    };
    return real.createGovernance({ ...parts, statuses: blind });
  };
  return { ...real, createGovernance };
});
vi.mock('../../src/server/notify/notifier.ts', async (original) => {
  const real = await original<typeof import('../../src/server/notify/notifier.ts')>();
  const createNotifier: typeof real.createNotifier = (parts) => {
    const forgetful = { ...parts.journal, append: async () => [] };
    return real.createNotifier(has('told and not recorded') ? { ...parts, journal: forgetful } : parts);
  };
  return { ...real, createNotifier };
});
vi.mock('../../src/governance/fold.ts', async (original) => {
  const real = await original<typeof import('../../src/governance/fold.ts')>();
  const decode: typeof real.governanceFold.decode = (pieces) =>
    real.governanceFold.decode(
      has('a snapshot loses freezes') ? pieces.filter((p) => (p as [string])[0] !== 'freezes') : pieces,
    );
  return { ...real, governanceFold: { ...real.governanceFold, decode } };
});

const MOST_SEEDS = 30;
const STEPS = 150;
/** What is seen at the end alone. */
const ENDS: readonly string[] = ['SIM-7', 'SIM-9', 'SIM-15'];
const report: string[] = [];
mkdirSync(join(import.meta.dirname, '../.out'), { recursive: true });
const OUT = join(import.meta.dirname, '../.out/planted-bugs.txt');
writeFileSync(OUT, '');
afterEach(() => {
  planted.bug = '';
});
afterAll(() => void process.stdout.write(`planted bugs\n${report.map((line) => `  ${line}\n`).join('')}`));

/** Worlds in which a bug is visible: a forge that refuses what is not allowed hides some. */
const UNDER: Readonly<Record<string, Partial<WorldOptions>>> = {
  'merged without asking': { auto: true, protects: false },
};

/** Plays worlds until one shows the planted bug; for a rare bug, stories prefer the events that it concerns. */
const finds =
  (rule: string, bug: string, ...prefer: string[]) =>
  async (): Promise<void> => {
    const invariants = INVARIANTS.filter(({ id }) => id === rule);
    expect(invariants).toHaveLength(1);
    planted.bug = bug;
    for (let seed = 1; seed <= MOST_SEEDS; seed++) {
      const { violation, steps } = await play(
        { ...optionsOf(seed), ...UNDER[bug] },
        storyFor(seed, STEPS, prefer),
        invariants,
        ENDS.includes(rule),
      );
      if (!violation) continue;
      const line = `${rule}: ${bug}: found by seed ${seed}, step ${steps}: ${violation.what}`;
      report.push(line);
      appendFileSync(OUT, `${line}\n`);
      return;
    }
    expect.fail(`${bug}: not found by ${MOST_SEEDS} seeds`);
  };

describe('bugs that are put into the product are found', () => {
  it('SIM-1: a freeze does not reach the start gate', finds('SIM-1', 'no freeze at the start gate'));
  it('SIM-2: the start gate forgets promotion order', finds('SIM-2', 'order forgotten'));
  it(
    'SIM-3: other values of a condemned artefact begin',
    finds('SIM-3', 'condemned by revision alone', 'what was condemned comes again with other values'),
  );
  it('SIM-4: what was merged by force gets requests', finds('SIM-4', 'order forgotten'));
  it(
    'SIM-5: effects are carried out without looking whether they are done',
    finds('SIM-5', 'effects without a probe'),
  );
  it(
    'SIM-6: one commit in a big repository stops aborts',
    finds(
      'SIM-6',
      'a commit stops aborts',
      'the repository does not answer',
      'a release is controlled by hand',
    ),
  );
  it('SIM-7: what failed once is never tried again', finds('SIM-7', 'never tried again'));
  it(
    'SIM-8: gate and start gate disagree about a configuration under a freeze',
    finds('SIM-8', 'start gate by digest', 'a pull request changes a configuration', 'a person freezes'),
  );
  it(
    'SIM-9: whatever stands under our check is believed',
    finds('SIM-9', 'what stands is believed', 'somebody else posts under our check'),
  );
  it(
    'SIM-10: the promoter merges without the gate’s word',
    finds(
      'SIM-10',
      'merged without asking',
      'a pull request brings a new version',
      'an admin merges by force',
    ),
  );
  it(
    'SIM-11: the forge is asked again without a pause',
    finds('SIM-11', 'no pause', 'the forge does not answer'),
  );
  it(
    'SIM-12: an excluded incident does not lift its freeze',
    finds(
      'SIM-12',
      'exclusions count in freezes',
      'an incident is excluded',
      'an incident hits every version',
      'an incident ends',
    ),
  );
  it(
    'SIM-13: one broken file stops every pull request',
    finds('SIM-13', 'one file stops all', 'a pull request brings a broken file'),
  );
  it('SIM-14: messages are sent and not recorded', finds('SIM-14', 'told and not recorded'));
  it(
    'SIM-15: a snapshot loses what it should hold',
    finds('SIM-15', 'a snapshot loses freezes', 'a person freezes', 'the server is started anew'),
  );
});
