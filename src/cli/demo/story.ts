import { request } from 'undici';
import { digestOfVersion, type Releases } from '../../../shop/profile.ts';
import type { FreezeList, PullView } from '../../api/governance.ts';
import type { LaneSummary, ReleaseView } from '../../api/views.ts';
import type { Traffic } from '../../gitops/traffic.ts';
import { systemClock } from '../../io/clock.ts';
import { type Client, clientOf, type ServeFile } from '../client.ts';
import { CliError, EXIT, type Io, palette, table } from '../io.ts';
import type { Parts } from '../parts.ts';
import { propose, pullOf } from './people.ts';

export const SERVICE = 'checkout';
/** Where the users are. */
export const ENVIRONMENT = 'prod';
export const ENVIRONMENTS = ['dev', 'stage', ENVIRONMENT] as const;
type Environment = (typeof ENVIRONMENTS)[number];
/** A tenth of the orders comes with a coupon, which no load test sends. */
export const RPS = { buy: 120, look: 20, coupon: 12 };
/** What does not come at all ends here; a slow machine only takes longer. */
const CHAPTER_LIMIT_MS = 900_000;
const POLL_MS = 200;
const INCIDENT_STEP = 1;

/** What a chapter sets out to show, and how it ends if that is so. */
export interface Chapter {
  readonly name: string;
  readonly story: string;
  readonly expected: 'promoted' | 'rolled back' | 'denied' | 'frozen' | 'merged';
  play(stage: Stage, told: Told): Promise<Partial<ChapterResult>>;
}

/** How a version fared in one environment. */
export interface StageResult {
  readonly environment: string;
  readonly release: string;
  readonly outcome: string;
  readonly pull: number | null;
  /** What the load test said, where one ran. */
  readonly load: string | null;
}

export interface ChapterResult {
  readonly name: string;
  readonly expected: string;
  readonly outcome: string;
  readonly secondsToVerdict: number | null;
  readonly failedRequests: number;
  readonly ledgerVerified: boolean;
  readonly state: string;
  readonly release: string | null;
  readonly decision: string | null;
  readonly stages: readonly StageResult[];
  /** What was seen, in one sentence. */
  readonly sentence: string;
}

export interface DemoServer extends ServeFile {
  readonly edges: Record<string, Record<string, string>>;
}

export interface Stage {
  readonly io: Io;
  readonly releases: Releases;
  readonly server: DemoServer;
  readonly work: string;
  readonly traffic: Traffic;
  readonly pushChange: Parts['pushChange'];
  readonly say: (text: string) => void;
  readonly tell: (text: string) => void;
}

/** What later chapters need of earlier ones. */
interface Told {
  /** The promotion that was denied, and waits for recovery. */
  waiting: number | null;
  /** The release in prod before it merged: what comes after is another. */
  before: string | null;
}

export const desiredOf = (releases: Releases, service: string, version: string) => ({
  service,
  version,
  digest: digestOfVersion(releases, service, version),
  config: {},
});

export async function until<T>(
  what: string,
  limitMs: number,
  signal: AbortSignal,
  probe: () => Promise<T | undefined>,
): Promise<T> {
  for (
    const end = Date.now() + limitMs;
    Date.now() < end && !signal.aborted;
    await systemClock.sleep(POLL_MS)
  ) {
    const found = await probe();
    if (found !== undefined) return found;
  }
  throw new CliError(EXIT.no, {
    code: 'DEMO_EXPECTATION',
    message: signal.aborted ? 'stopped' : `${what} did not happen within ${limitMs / 1_000} s`,
  });
}

const client = (stage: Stage): Client => clientOf(stage.server);
const soon = <T>(stage: Stage, what: string, probe: () => Promise<T | undefined>): Promise<T> =>
  until(what, CHAPTER_LIMIT_MS, stage.io.signal, probe);

const laneOf = async (stage: Stage, environment: string = ENVIRONMENT): Promise<LaneSummary> => {
  const overview = await client(stage).get<{ lanes: LaneSummary[] }>('/api/v1/overview');
  return overview.lanes.find((l) => l.service === SERVICE && l.environment === environment)!;
};

const releaseOf = (stage: Stage, id: string) => client(stage).get<ReleaseView>(`/api/v1/releases/${id}`);
const pullsOf = async (stage: Stage): Promise<PullView[]> =>
  (await client(stage).get<{ pulls: PullView[] }>('/api/v1/pulls')).pulls;

/** A developer's branch that sets one version in dev, and its pull request. */
const proposeVersion = (stage: Stage, version: string): Promise<number> =>
  propose(
    stage.server,
    stage.work,
    {
      branch: `${SERVICE}-${version}`,
      environment: ENVIRONMENTS[0],
      desired: desiredOf(stage.releases, SERVICE, version),
      title: `Release ${SERVICE} ${version}`,
      autoMerge: true,
    },
    stage.pushChange,
  );

/** Waits for what the gate says of a pull request. */
const judged = (
  stage: Stage,
  number: number,
  what: string,
  fits: (pull: PullView) => boolean,
): Promise<PullView> =>
  soon(stage, `pull request #${number}: ${what}`, async () => {
    const pull = await pullOf(client(stage), number).catch(() => undefined);
    if (pull) stage.say(pull.sentence);
    return pull && fits(pull) ? pull : undefined;
  });

const merged = (pull: PullView): boolean => pull.state === 'merged';

const newestOf = async (stage: Stage, title: string): Promise<PullView | undefined> =>
  (await pullsOf(stage)).filter((p) => p.title === title).sort((a, b) => b.number - a.number)[0];

/** The newest pull request of that title that Sluice opened by itself. */
const ours = (stage: Stage, title: string): Promise<number> =>
  soon(stage, `a pull request "${title}"`, async () => {
    return (await newestOf(stage, title))?.number;
  });
const promotionTitle = (version: string, to: string) => `Promote ${SERVICE} ${version} to ${to}`;

/** Causes a declared incident behind the payment service. */
async function cause(stage: Stage, incident: string): Promise<void> {
  const edge = stage.server.edges[ENVIRONMENT]?.['payment'];
  await (await request(`${edge}/incidents/${incident}`, { method: 'POST' })).body.dump();
}

/** Watches the release that follows another one, to its verdict. */
async function watch(
  stage: Stage,
  environment: Environment,
  version: string,
  before: string | null,
  incident?: string,
): Promise<ReleaseView> {
  const opened = await soon(stage, `a release of ${version} in ${environment}`, async () => {
    const lane = await laneOf(stage, environment);
    return lane.release !== before && lane.release !== null ? lane.release : undefined;
  });
  let caused = false;
  return soon(stage, `a verdict on ${version} in ${environment}`, async () => {
    const release = await releaseOf(stage, opened);
    stage.say(release.sentence);
    if (incident && !caused && release.steps[INCIDENT_STEP]?.confirmedAt) {
      caused = true;
      await cause(stage, incident);
    }
    return outcomeOf(release) === null ? undefined : release;
  });
}

function outcomeOf(release: ReleaseView): 'promoted' | 'rolled back' | null {
  if (release.state === 'Stable' && release.path.some((m) => m.to === 'Promote')) return 'promoted';
  return release.path.some((m) => m.from === 'Rollback') ? 'rolled back' : null;
}

const stageResult = (release: ReleaseView, pull: PullView | null): StageResult => ({
  environment: release.environment,
  release: release.id,
  outcome: outcomeOf(release) ?? 'nothing',
  pull: pull?.number ?? null,
  load: release.loads.at(-1)?.sentence ?? null,
});

function ofRelease(release: ReleaseView, stages: readonly StageResult[]): Partial<ChapterResult> {
  const first = release.steps[0]?.confirmedAt ?? null;
  const end = release.path.find((m) => m.to === 'Promote' || m.to === 'Abort')?.at ?? null;
  return {
    outcome: outcomeOf(release) ?? 'nothing',
    secondsToVerdict: first !== null && end !== null ? Math.round((end - first) / 100) / 10 : null,
    state: release.state,
    release: release.id,
    sentence: release.sentence,
    stages,
  };
}

/** One version in one environment: its pull request merges by itself, it is released and judged. */
async function through(
  stage: Stage,
  version: string,
  environment: Environment,
): Promise<[ReleaseView, StageResult]> {
  const before = (await laneOf(stage, environment)).release;
  const number =
    environment === ENVIRONMENTS[0]
      ? await proposeVersion(stage, version)
      : await ours(stage, promotionTitle(version, environment));
  const pull = await judged(stage, number, 'merged', merged);
  const release = await watch(stage, environment, version, before);
  stage.tell(`   ${environment}: #${number} merged; ${release.sentence}`);
  const result = stageResult(release, pull);
  if (result.load) stage.tell(`   ${environment}: ${result.load}.`);
  return [release, result];
}

/** From a developer's branch to the last of these environments, as long as it is promoted. */
async function allTheWay(stage: Stage, version: string, environments: readonly Environment[]) {
  const stages: StageResult[] = [];
  for (const environment of environments) {
    const [release, result] = await through(stage, version, environment);
    stages.push(result);
    if (result.outcome !== 'promoted' || environment === environments.at(-1)) return { release, stages };
  }
  throw new Error('broken invariant: there is an environment');
}

/** The newest revert that Sluice asked for by itself, once it is merged. */
const revertOf = (stage: Stage, version: string, environment: Environment): Promise<PullView> =>
  soon(stage, `a revert to ${version} in ${environment}`, async () => {
    const newest = await newestOf(stage, `Revert ${SERVICE} to ${version} in ${environment}`);
    if (newest) stage.say(newest.sentence);
    return newest !== undefined && merged(newest) ? newest : undefined;
  });

const ofDecision = (pull: PullView): Partial<ChapterResult> => ({
  decision: pull.decision,
  sentence: `#${pull.number}: ${pull.sentence}`,
});

const instead = (...wrong: (string | false)[]): string | undefined =>
  wrong.find((w) => w !== false) || undefined;

export const CHAPTERS: readonly Chapter[] = [
  {
    name: 'a good release, all the way',
    story:
      'checkout 1.1.0: a pull request to dev, a load test, then to stage and prod by pull requests of their own',
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
    story: 'checkout 1.3.0 fails every request: the load test and the SLOs stop it before anybody meets it',
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
    name: 'a freeze stands',
    story: 'its failed requests spent the budget of 60 s: nothing new goes to prod, by itself',
    expected: 'frozen',
    play: async (stage) => {
      const answer = await soon(stage, 'a freeze', async () => {
        const list = await client(stage).get<FreezeList>('/api/v1/freezes');
        return list.freezes.some((f) => f.state === 'stands' && f.scope.service === SERVICE)
          ? list
          : undefined;
      });
      return { outcome: 'frozen', sentence: answer.sentence };
    },
  },
  {
    name: 'a revert passes',
    story:
      'Git still asks for 2.0.0 in prod: a pull request puts it back to 1.1.0, under the freeze, by itself',
    expected: 'merged',
    play: async (stage) => {
      const pull = await revertOf(stage, '1.1.0', ENVIRONMENT);
      const revert = pull.recorded.some((r) => r.code === 'REVERT');
      return { outcome: revert ? 'merged' : 'merged, but not as a revert', ...ofDecision(pull) };
    },
  },
  {
    name: 'a promotion is denied',
    story: 'the fix, 2.0.1, passes dev and stage; into prod it may not go while the budget is spent',
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
    story: 'nobody does anything: the freeze ends, it merges; then the bank falters for both versions alike',
    expected: 'promoted',
    play: async (stage, told) => {
      const pull = await judged(stage, told.waiting!, 'green by itself', merged);
      stage.tell(`   prod: #${pull.number} merged by itself.`);
      const release = await watch(stage, ENVIRONMENT, '2.0.1', told.before, 'bank-falters');
      return { decision: pull.decision, ...ofRelease(release, [stageResult(release, pull)]) };
    },
  },
];

async function playOne(stage: Stage, chapter: Chapter, told: Told): Promise<ChapterResult> {
  stage.traffic.mark();
  const seen = await chapter.play(stage, told);
  const verified = await client(stage).get<{ ok: boolean }>('/api/v1/ledger/verification');
  return {
    name: chapter.name,
    expected: chapter.expected,
    outcome: seen.outcome ?? 'nothing',
    secondsToVerdict: seen.secondsToVerdict ?? null,
    failedRequests: stage.traffic.sinceMark().failed,
    ledgerVerified: verified.ok,
    state: seen.state ?? (await laneOf(stage)).state,
    release: seen.release ?? null,
    decision: seen.decision ?? null,
    stages: seen.stages ?? [],
    sentence: seen.sentence ?? '',
  };
}

/** The whole story; what was seen so far stays in `results` if a chapter does not come to its end. */
export async function playAll(stage: Stage, results: ChapterResult[]): Promise<void> {
  const told: Told = { waiting: null, before: null };
  for (const [i, chapter] of CHAPTERS.entries()) {
    stage.tell(`\n${i + 1}. ${chapter.story}.`);
    const result = await playOne(stage, chapter, told);
    results.push(result);
    if (result.stages.length === 0 || result.decision !== null) stage.tell(`   ${result.sentence}`);
  }
}

export const held = (r: ChapterResult): boolean =>
  r.outcome === r.expected &&
  r.ledgerVerified &&
  (r.secondsToVerdict !== null || !['promoted', 'rolled back'].includes(r.expected));

export function show(io: Io, results: readonly ChapterResult[]): void {
  const p = palette(io);
  const rows = results.map((r) => [
    held(r) ? '✓' : '✗',
    r.name,
    r.outcome,
    r.secondsToVerdict === null ? '–' : `${r.secondsToVerdict} s`,
    String(r.failedRequests),
    r.state,
    r.ledgerVerified ? 'verified' : 'BROKEN',
  ]);
  io.out(
    `\n${table([['', 'chapter', 'outcome', 'to verdict', 'failed requests', 'state', 'ledger'], ...rows])}`,
  );
  const all = results.every(held) && results.length === CHAPTERS.length;
  io.out(all ? `\n${p.green('Every expectation held.')}\n` : `\n${p.red('Not every expectation held.')}\n`);
}
