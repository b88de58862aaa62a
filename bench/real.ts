import { request } from 'undici';
import { startTraffic } from '../src/gitops/adapters/load-test/open-loop.ts';
import { openStage, type Stage } from '../test/e2e/stage.ts';
import { until } from '../test/wait.ts';
import { strikes } from './rules.ts';

export interface RealTime {
  readonly fault: number;
  readonly rule: string;
  /** Seconds from the first faulty request to all traffic on stable. */
  readonly seconds: number;
  /** Requests that users saw fail. */
  readonly failedRequests: number;
}

const RPS = 100;
const LIMIT_MS = 900_000;
const VERSION = '7.0.0';
/** No evidence is ever enough: what is left is the architecture's rule, run by the same machinery. */
const BURN_ALONE = '  evidence: { minBad: 1000000000 }';

const FIRST_EDITION = '  evidence: { edition: 1 }';
type Measured = 'ours' | 'first' | 'burn' | 'strikes';

async function counter(stage: Stage, revision: string): Promise<{ total: number; bad: number }> {
  const ask = async (more: string) => {
    const query = `sum(http_requests_total{service="checkout",revision="${revision}"${more}})`;
    const url = `${stage.server().prometheus['prod']}/api/v1/query?query=${encodeURIComponent(query)}`;
    const body = (await (await request(url)).body.json()) as {
      data: { result: { value: [number, string] }[] };
    };
    return Number(body.data.result[0]?.value[1] ?? 0);
  };
  return { total: await ask(''), bad: await ask(',code=~"5.."') };
}

const abort = (stage: Stage, reason: string) =>
  stage.client().post('/api/v1/lanes/{environment}/{service}/commands', {
    params: { environment: 'prod', service: 'checkout' },
    body: { command: 'abort', reason },
  });

/** Five strikes against a minute's 99 %, read from the same Prometheus; its abort is carried out by the same edge. */
async function strike(stage: Stage, revision: string, from: number): Promise<void> {
  const watcher = strikes();
  let before = { total: 0, bad: 0 };
  await until('five strikes', LIMIT_MS, async () => {
    const now = await counter(stage, revision);
    const canary = { total: now.total - before.total, bad: now.bad - before.bad };
    before = now;
    const word = watcher.look({
      seconds: (Date.now() - from) / 1_000,
      canary,
      stable: { total: 0, bad: 0 },
      step: 0,
    });
    return word === 'stop' ? true : undefined;
  });
  await abort(stage, 'five strikes');
}

async function measure(rule: Measured, fault: number): Promise<RealTime> {
  const stage = await openStage({
    versions: { [VERSION]: { errorRate: fault } },
    rps: RPS,
    history: true,
    ...(rule === 'ours' ? {} : { spec: rule === 'first' ? FIRST_EDITION : BURN_ALONE }),
    // Five strikes alone: the burn rule is declared out of reach.
    ...(rule === 'strikes' ? { burnThreshold: 1_000_000 } : {}),
  });
  try {
    await stage.open();
    stage.traffic().mark();
    const id = await stage.begin(VERSION);
    const confirmed = await until(
      '20 % of traffic',
      60_000,
      async () => (await stage.release(id)).steps[0]?.confirmedAt ?? undefined,
    );
    if (rule === 'strikes') await strike(stage, (await stage.release(id)).revision, confirmed);
    const release = await stage.ended(id, LIMIT_MS);
    const restored = release.path.find((m) => m.to === 'Rollback')!;
    const names = {
      ours: 'ours',
      first: 'ours, edition 1',
      burn: "the architecture's rule alone",
      strikes: 'a 99 % threshold, 1 min, five strikes',
    };
    return {
      fault,
      rule: names[rule],
      seconds: (restored.at - confirmed) / 1_000,
      failedRequests: stage.traffic().sinceMark().failed,
    };
  } finally {
    await stage.close();
  }
}

/** What stops a fault: a hundredth of requests is neither fourteen times a budget of a thousandth nor less than 99 %. */
const rulesFor = (fault: number): Measured[] =>
  fault > 0.014 ? ['ours', 'first', 'burn', 'strikes'] : ['ours', 'first'];

/** All rules that stop one fault, side by side in one run. */
export const realTimes = (fault: number): Promise<RealTime[]> =>
  Promise.all(rulesFor(fault).map((rule) => measure(rule, fault)));

/** Seconds from each recorded abort to the last answer that a user got from the canary. */
export async function abortGaps(times: number): Promise<number[]> {
  const versions = Object.fromEntries(
    Array.from({ length: times }, (_, i) => [`8.${i}.0`, { description: 'to be aborted' }]),
  );
  const stage = await openStage({ versions, rps: RPS });
  // Users of checkout itself, who see which version answers them.
  const last = new Map<string, number>();
  const users = startTraffic({
    targets: [{ url: `${stage.server().edges['prod']!['checkout']}/checkout`, rps: 50 }],
    onAnswer: ({ at, servedBy }) => servedBy && last.set(servedBy, at),
  });
  const gaps: number[] = [];
  try {
    await stage.open();
    for (let i = 0; i < times; i++) {
      const version = `8.${i}.0`;
      const id = await stage.begin(version);
      await until('answers of the canary', 60_000, () => last.has(`checkout ${version}`));
      await abort(stage, 'measured');
      const release = await stage.ended(id);
      const decided = release.path.find((m) => m.to === 'Abort')!.at;
      gaps.push(Math.max(0, last.get(`checkout ${version}`)! - decided) / 1_000);
    }
  } finally {
    await users.stop();
    await stage.close();
  }
  return gaps;
}
