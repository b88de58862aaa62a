import { request } from 'undici';
import { digestOfVersion, type Releases } from '../../../shop/profile.ts';
import type { FreezeList, PullView } from '../../api/governance.ts';
import type { LaneSummary, ReleaseView } from '../../api/views.ts';
import type { Traffic } from '../../gitops/adapters/load-test/open-loop.ts';
import { systemClock } from '../../kit/time.ts';
import { type Client, clientOf, type ServeFile } from '../client.ts';
import { CliError, EXIT, type Io, palette, table } from '../io.ts';
import { propose, pullOf } from './people.ts';

export const SERVICE = 'checkout';
export const ENVIRONMENT = 'prod';
export const RPS = { buy: 120, look: 20 };
const CHAPTER_LIMIT_MS = 120_000;
const POLL_MS = 200;
const INCIDENT_STEP = 1;

/** What a chapter sets out to show, and how it ends if that is so. */
export interface Chapter {
  readonly name: string;
  readonly story: string;
  readonly expected: 'promoted' | 'rolled back' | 'denied' | 'frozen' | 'merged';
  play(stage: Stage, told: Told): Promise<Partial<ChapterResult>>;
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
  readonly say: (text: string) => void;
  readonly tell: (text: string) => void;
}

/** What later chapters need of earlier ones. */
export interface Told {
  /** The pull request that was denied, and waits for recovery. */
  waiting: number | null;
  /** The release before it merged: what comes after is another. */
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

const checkoutOf = async (stage: Stage): Promise<LaneSummary> => {
  const overview = await client(stage).get<{ lanes: LaneSummary[] }>('/api/v1/overview');
  return overview.lanes.find((l) => l.service === SERVICE && l.environment === ENVIRONMENT)!;
};

const releaseOf = (stage: Stage, id: string) => client(stage).get<ReleaseView>(`/api/v1/releases/${id}`);

/** A developer's branch that sets one version, and its pull request. */
const proposeVersion = (
  stage: Stage,
  version: string,
  title: string,
  labels: string[] = [],
): Promise<number> =>
  propose(stage.server, stage.work, {
    branch: `${SERVICE}-${version}`,
    environment: ENVIRONMENT,
    desired: desiredOf(stage.releases, SERVICE, version),
    title,
    labels,
    autoMerge: true,
  });

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

/** Causes a declared incident behind the payment service. */
async function cause(stage: Stage, incident: string): Promise<void> {
  const edge = stage.server.edges[ENVIRONMENT]?.['payment'];
  await (await request(`${edge}/incidents/${incident}`, { method: 'POST' })).body.dump();
}

/** Watches the release that follows another one, to its verdict. */
async function watch(
  stage: Stage,
  version: string,
  before: string | null,
  incident?: string,
): Promise<Partial<ChapterResult>> {
  const opened = await soon(stage, `a release of ${version}`, async () => {
    const lane = await checkoutOf(stage);
    return lane.release !== before && lane.release !== null ? lane.release : undefined;
  });
  let caused = false;
  const decided = await soon(stage, `a verdict on ${version}`, async () => {
    const release = await releaseOf(stage, opened);
    stage.say(release.sentence);
    if (incident && !caused && release.steps[INCIDENT_STEP]?.confirmedAt) {
      caused = true;
      await cause(stage, incident);
    }
    const promoted = release.state === 'Stable' && release.path.some((m) => m.to === 'Promote');
    const stopped = release.path.some((m) => m.from === 'Rollback');
    return promoted || stopped ? release : undefined;
  });
  const first = decided.steps[0]?.confirmedAt ?? null;
  const end = decided.path.find((m) => m.to === 'Promote' || m.to === 'Abort')?.at ?? null;
  return {
    outcome: decided.path.some((m) => m.to === 'Promote') ? 'promoted' : 'rolled back',
    secondsToVerdict: first !== null && end !== null ? Math.round((end - first) / 100) / 10 : null,
    state: decided.state,
    release: decided.id,
    sentence: decided.sentence,
  };
}

/** A version by pull request: allowed, merged by itself, released, judged. */
async function release(
  stage: Stage,
  version: string,
  title: string,
  labels: string[] = [],
  incident?: string,
) {
  const before = (await checkoutOf(stage)).release;
  const number = await proposeVersion(stage, version, title, labels);
  const pull = await judged(stage, number, 'merged', merged);
  return { ...(await watch(stage, version, before, incident)), decision: pull.decision, pull };
}

/** The newest revert that Sluice asked for by itself, once it is merged. */
const revertOf = (stage: Stage, version: string): Promise<PullView> =>
  soon(stage, `a revert to ${version}`, async () => {
    const { pulls } = await client(stage).get<{ pulls: PullView[] }>('/api/v1/pulls');
    const title = `Revert ${SERVICE} to ${version} in ${ENVIRONMENT}`;
    const [newest] = pulls.filter((p) => p.title === title).sort((a, b) => b.number - a.number);
    if (newest) stage.say(newest.sentence);
    const wanted = (await checkoutOf(stage)).canary === null && newest !== undefined && merged(newest);
    return wanted ? newest : undefined;
  });

const ofDecision = (pull: PullView): Partial<ChapterResult> => ({
  decision: pull.decision,
  sentence: `#${pull.number}: ${pull.sentence}`,
});

export const CHAPTERS: readonly Chapter[] = [
  {
    name: 'a good release',
    story: 'checkout 1.1.0 is healthy: the pull request may merge, the canary goes to 100 %',
    expected: 'promoted',
    play: (stage) => release(stage, '1.1.0', 'Release checkout 1.1.0'),
  },
  {
    name: 'a release failing 5 %',
    story: 'checkout 1.2.0 fails 5 % of its requests: nobody knows that yet, so it may merge',
    expected: 'rolled back',
    play: (stage) => release(stage, '1.2.0', 'Release checkout 1.2.0'),
  },
  {
    name: 'a freeze stands',
    story: 'its failed requests spent the budget of 30 s: a freeze begins by itself',
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
    story: 'Git still asks for 1.2.0: a pull request puts it back to 1.1.0, under the freeze, by itself',
    expected: 'merged',
    play: async (stage) => {
      const pull = await revertOf(stage, '1.1.0');
      const revert = pull.recorded.some((r) => r.code === 'REVERT');
      return { outcome: revert ? 'merged' : 'merged, but not as a revert', ...ofDecision(pull) };
    },
  },
  {
    name: 'a pull request is denied',
    story: 'checkout 1.3.0 waits: what would spend a budget that is gone does not merge',
    expected: 'denied',
    play: async (stage, told) => {
      told.before = (await checkoutOf(stage)).release;
      const number = await proposeVersion(stage, '1.3.0', 'Release checkout 1.3.0');
      told.waiting = number;
      const pull = await judged(stage, number, 'denied', (p) => p.allow === false);
      const numbers = pull.deny.some((d) => d.code === 'BUDGET_EXHAUSTED' && /\d+ bad of \d+/.test(d.msg));
      return {
        outcome: numbers ? 'denied' : `denied without numbers: ${pull.deny.map((d) => d.code)}`,
        ...ofDecision(pull),
      };
    },
  },
  {
    name: 'recovery lets it through',
    story: 'nobody does anything: the window forgets, the freeze ends, the check turns green',
    expected: 'merged',
    play: async (stage, told) => {
      const pull = await judged(stage, told.waiting!, 'green by itself', merged);
      return { outcome: 'merged', ...ofDecision(pull) };
    },
  },
  {
    name: 'a release failing every request',
    story: 'checkout 1.3.0 fails every request; Git is put right again',
    expected: 'rolled back',
    play: async (stage, told) => {
      const seen = await watch(stage, '1.3.0', told.before);
      await revertOf(stage, '1.1.0');
      return seen;
    },
  },
  {
    name: 'an emergency fix, a shared incident',
    story: 'checkout 1.4.0 passes by its label, on record; then the bank falters for both versions',
    expected: 'promoted',
    play: async (stage) => {
      const { pull, ...result } = await release(
        stage,
        '1.4.0',
        'Fix checkout: 1.4.0',
        ['emergency'],
        'bank-falters',
      );
      const recorded = pull.recorded.some((r) => r.by.includes('emergency'));
      return recorded ? result : { ...result, outcome: 'not on record' };
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
    state: seen.state ?? (await checkoutOf(stage)).state,
    release: seen.release ?? null,
    decision: seen.decision ?? null,
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
    stage.tell(`   ${result.sentence}`);
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
