import { type ChapterResult, ofDecision, ofRelease, stageResult } from './results.ts';
import { client, ENVIRONMENT, ENVIRONMENTS, SERVICE, type Stage, soon } from './stage.ts';
import {
  allTheWay,
  freezeUntilReverted,
  judged,
  laneOf,
  liftFreeze,
  merged,
  ours,
  promotionTitle,
  pullsOf,
  revertOf,
  watch,
} from './steps.ts';

/** What later chapters need of earlier ones. */
export interface Told {
  /** The promotion that was denied, and waits for recovery. */
  waiting: number | null;
  /** The release in prod before it merged: what comes after is another. */
  before: string | null;
  /** The freeze by which a person keeps prod frozen until the revert has merged. */
  hold: string | null;
}

/** What a chapter sets out to show, and how it ends if that is so. */
export interface Chapter {
  readonly name: string;
  readonly story: string;
  readonly expected: 'promoted' | 'rolled back' | 'denied' | 'frozen' | 'merged';
  play(stage: Stage, told: Told): Promise<Partial<ChapterResult>>;
}

/** The same story with users alone, for whoever has a minute and a half. */
export const FAST_CHAPTERS: readonly Chapter[] = [
  {
    name: 'a good release',
    story: 'checkout 1.1.0: a pull request to prod, then a canary that passes step by step',
    expected: 'promoted',
    play: async (stage) => {
      const { release, stages } = await allTheWay(stage, '1.1.0', stage.environments);
      return ofRelease(release, stages);
    },
  },
  {
    name: 'a bad release',
    story: 'checkout 2.0.0 fails on coupons: users with coupons get errors, and it is rolled back',
    expected: 'rolled back',
    play: async (stage) => {
      const { release, stages } = await allTheWay(stage, '2.0.0', stage.environments);
      return ofRelease(release, stages);
    },
  },
  {
    name: 'a revert passes',
    story: 'Git still has 2.0.0: an automatic pull request reverts it to 1.1.0, also during a freeze',
    expected: 'merged',
    play: async (stage) => {
      const pull = await revertOf(stage, '1.1.0', ENVIRONMENT);
      return { outcome: 'merged', ...ofDecision(pull) };
    },
  },
];

const instead = (...wrong: (string | false)[]): string | undefined =>
  wrong.find((w) => w !== false) || undefined;

export const CHAPTERS: readonly Chapter[] = [
  {
    name: 'a good release, all the way',
    story:
      'checkout 1.1.0: a pull request to dev, a load test, then promotion pull requests to stage and prod',
    expected: 'promoted',
    play: async (stage) => {
      const { release, stages } = await allTheWay(stage, '1.1.0', ENVIRONMENTS);
      const seen = ofRelease(release, stages);
      const wrong = instead(
        stages.length !== ENVIRONMENTS.length && `only ${stages.length} stages`,
        stages[0]?.load === null && 'no load test in dev',
      );
      return wrong ? { ...seen, outcome: wrong } : seen;
    },
  },
  {
    name: 'a bad one stops in dev',
    story: 'checkout 1.3.0 fails every request: the load test and the SLOs stop it before it reaches users',
    expected: 'rolled back',
    play: async (stage) => {
      const { release, stages } = await allTheWay(stage, '1.3.0', [ENVIRONMENTS[0]]);
      await revertOf(stage, '1.1.0', 'dev');
      const wentOn = (await pullsOf(stage)).some((p) => p.title === promotionTitle('1.3.0', 'stage'));
      return { ...ofRelease(release, stages), ...(wentOn ? { outcome: 'promoted on' } : {}) };
    },
  },
  {
    name: 'one that only users find out',
    story:
      'checkout 2.0.0 fails on coupons, which no load test sends: fine in dev and stage, rolled back in prod',
    expected: 'rolled back',
    play: async (stage) => {
      const { release, stages } = await allTheWay(stage, '2.0.0', ENVIRONMENTS);
      const seen = ofRelease(release, stages);
      return release.environment === ENVIRONMENT
        ? seen
        : { ...seen, outcome: `stopped in ${release.environment}` };
    },
  },
  {
    name: 'a freeze is active',
    story:
      'its failed requests spent the error budget of 60 s: an automatic freeze blocks new releases in prod',
    expected: 'frozen',
    play: async (stage, told) => {
      const answer = await soon(stage, 'a freeze', async () => {
        const list = await client(stage).get('/api/v1/freezes');
        return list.freezes.some((f) => f.state === 'stands' && f.scope.service === SERVICE)
          ? list
          : undefined;
      });
      told.hold = await freezeUntilReverted(stage);
      return { outcome: 'frozen', sentence: answer.sentence };
    },
  },
  {
    name: 'a revert passes',
    story: 'Git still has 2.0.0 in prod: an automatic pull request reverts it to 1.1.0 during the freeze',
    expected: 'merged',
    play: async (stage, told) => {
      const pull = await revertOf(stage, '1.1.0', ENVIRONMENT);
      await liftFreeze(stage, told.hold!, 'the revert has merged');
      const revert = pull.recorded.some((r) => r.code === 'REVERT');
      return { outcome: revert ? 'merged' : 'merged, but not as a revert', ...ofDecision(pull) };
    },
  },
  {
    name: 'a promotion is denied',
    story: 'the fix, 2.0.1, passes dev and stage; its promotion to prod is denied while the budget is spent',
    expected: 'denied',
    play: async (stage, told) => {
      told.before = (await laneOf(stage)).release;
      const { stages } = await allTheWay(stage, '2.0.1', ['dev', 'stage']);
      const number = await ours(stage, promotionTitle('2.0.1', ENVIRONMENT));
      told.waiting = number;
      const pull = await judged(stage, number, 'denied', (p) => p.allow === false);
      const numbers = pull.deny.some((d) => d.code === 'BUDGET_EXHAUSTED' && /\d+ bad of \d+/.test(d.msg));
      const outcome = numbers ? 'denied' : `denied without numbers: ${pull.deny.map((d) => d.code)}`;
      return { outcome, stages, ...ofDecision(pull) };
    },
  },
  {
    name: 'recovery lets the fix through',
    story:
      'without intervention the freeze ends and the pull request merges; then the bank fails for both versions',
    expected: 'promoted',
    play: async (stage, told) => {
      const pull = await judged(stage, told.waiting!, 'merge without intervention', merged);
      stage.tell(`   prod: #${pull.number} merged automatically.`);
      const release = await watch(stage, ENVIRONMENT, '2.0.1', told.before, 'bank-falters');
      return { decision: pull.decision, ...ofRelease(release, [stageResult(release, pull)]) };
    },
  },
];
