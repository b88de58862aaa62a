import { startTraffic } from '../../src/gitops/adapters/load-test/open-loop.ts';
import type { Traffic } from '../../src/gitops/traffic.ts';
import { OWNER } from '../forge/gitea.ts';
import type { ClusterHouse } from './harness.ts';
import { desiredText, ENVIRONMENTS, type Environment, hostOf, SERVICES } from './shop.ts';
import { until } from './wait.ts';

/** What Gitea tells of a pull request. */
export interface Pull {
  readonly number: number;
  readonly title: string;
  readonly body: string;
  readonly state: string;
  readonly merged: boolean;
  readonly head: { readonly sha: string };
}

export interface LaneNow {
  readonly service: string;
  readonly environment: string;
  readonly state: string;
  readonly stable: string | null;
  readonly canary: string | null;
  readonly weight: number;
  readonly release: string | null;
  readonly sentence: string;
  readonly waiting: string | null;
}

const REPO = (house: ClusterHouse) => `/repos/${OWNER}/${house.at.repository}`;

export const pullsOf = (house: ClusterHouse): Promise<Pull[]> =>
  house.gitea.api('GET', `${REPO(house)}/pulls?state=all&limit=50`);

/** A developer asks for a version by pull request. */
export async function propose(
  house: ClusterHouse,
  service: string,
  version: string,
  environment: Environment,
): Promise<Pull> {
  const path = `environments/${environment}/${service}.yaml`;
  const { sha } = await house.gitea.api<{ sha: string }>('GET', `${REPO(house)}/contents/${path}`);
  const branch = `${service}-${version}-${environment}-${Date.now()}`;
  await house.gitea.api('PUT', `${REPO(house)}/contents/${path}`, {
    content: Buffer.from(desiredText(service, version, house.images.digest(service, version))).toString(
      'base64',
    ),
    sha,
    new_branch: branch,
    message: `${service} ${version} to ${environment}`,
  });
  return house.gitea.api('POST', `${REPO(house)}/pulls`, {
    title: `${service} ${version} to ${environment}`,
    head: branch,
    base: 'main',
  });
}

/** Merges once the forge lets it; throws what the forge says otherwise. */
export const merge = (house: ClusterHouse, number: number): Promise<unknown> =>
  house.gitea.api('POST', `${REPO(house)}/pulls/${number}/merge`, { Do: 'merge' });

/** A version by pull request, merged as soon as the forge lets a person merge it. */
export async function proposeAndMerge(
  house: ClusterHouse,
  service: string,
  version: string,
  environment: Environment,
  limitMs: number,
): Promise<void> {
  const { number } = await propose(house, service, version, environment);
  await until(`the forge lets #${number} merge`, limitMs, async () => {
    await merge(house, number);
    return true;
  });
}

export async function lanesOf(house: ClusterHouse): Promise<LaneNow[]> {
  return (await house.api<{ lanes: LaneNow[] }>('GET', '/api/v1/overview')).lanes;
}

export async function laneOf(house: ClusterHouse, service: string, environment: string): Promise<LaneNow> {
  const lane = (await lanesOf(house)).find((l) => l.service === service && l.environment === environment);
  if (!lane) throw new Error(`there is no lane ${service}/${environment}`);
  return lane;
}

/** Until a lane is as asked for; the message says where it stood instead. */
export async function untilLane(
  house: ClusterHouse,
  service: string,
  environment: string,
  what: string,
  limitMs: number,
  is: (lane: LaneNow) => boolean,
): Promise<LaneNow> {
  let last: LaneNow | null = null;
  return until(`${service} in ${environment} ${what}`, limitMs, async () => {
    last = await laneOf(house, service, environment);
    return is(last) && last;
  }).catch(async (error: Error) => {
    const told = await recordsOf(house, `${service}/${environment}`).catch(() => []);
    const story = told.filter((r) => STORY.includes(r.type)).slice(-MAX_TOLD);
    const lines = story.map((r) => `${new Date(r.at).toISOString()} ${r.type} ${JSON.stringify(r.data)}`);
    throw new Error([`${error.message}; it is ${JSON.stringify(last)}`, ...lines].join('\n  '));
  });
}

/** What a failure tells of a lane: enough to know why, where no log bundle can be had. */
const STORY: readonly string[] = [
  'release.opened',
  'release.confirmed',
  'lane.moved',
  'lane.drifted',
  'lane.waiting',
];
const MAX_TOLD = 16;

/** A Rollout, as far as the stories look at it. */
export interface RolloutObject {
  readonly metadata: { readonly name: string };
  readonly status: {
    readonly phase?: string;
    readonly abort?: boolean;
    readonly message?: string;
    readonly stableRS: string;
    readonly currentPodHash: string;
  };
}

export const rolloutOf = async (
  house: ClusterHouse,
  service: string,
  environment: string,
): Promise<RolloutObject> =>
  (await house.objects<RolloutObject>('rollouts', environment)).find((r) => r.metadata.name === service)!;

export interface Argo {
  readonly name: string;
  readonly sync: string;
  readonly health: string;
}
interface ApplicationObject {
  metadata: { name: string };
  status?: { sync?: { status?: string }; health?: { status?: string } };
}

export const applicationsOf = async (house: ClusterHouse): Promise<Argo[]> =>
  (await house.objects<ApplicationObject>('applications', 'argocd')).map(({ metadata, status }) => ({
    name: metadata.name,
    sync: status?.sync?.status ?? 'Unknown',
    health: status?.health?.status ?? 'Unknown',
  }));

export async function untilAllSynced(house: ClusterHouse, limitMs: number): Promise<void> {
  let last: Argo[] = [];
  await until('all Applications Synced and Healthy', limitMs, async () => {
    last = await applicationsOf(house);
    const there = last.length === ENVIRONMENTS.length * SERVICES.length;
    return there && last.every((a) => a.sync === 'Synced' && a.health === 'Healthy');
  }).catch((error: Error) => {
    throw new Error(
      `${error.message}: ${JSON.stringify(last.filter((a) => a.sync !== 'Synced' || a.health !== 'Healthy'))}`,
    );
  });
}

/** Who answered users, second by second. */
export interface Answers {
  readonly traffic: Traffic;
  /** Requests that a version answered, by second. */
  servedBy(
    name: string,
  ): readonly { readonly at: number; readonly requests: number; readonly failed: number }[];
  /** When it answered last. */
  lastServedBy(name: string): number;
  stop(): Promise<void>;
}

/**
 * Users of prod; one order in four comes with a coupon, which no load test sends. So many, that a version that
 * fails on every coupon spends the budget of prod in the few seconds until it is stopped.
 */
export function startUsers(house: ClusterHouse): Answers {
  const host = hostOf('frontend', 'prod');
  const checkout = hostOf('checkout', 'prod');
  const url = house.ingress.address;
  const by = new Map<string, Map<number, { requests: number; failed: number }>>();
  const last = new Map<string, number>();
  const traffic = startTraffic({
    targets: [
      { url: `${url}/buy`, host, rps: 91 },
      { url: `${url}/`, host, rps: 15 },
      { url: `${url}/buy?coupon=ten`, host, rps: 30 },
      // Asked past the frontend, so that the answer itself says which checkout gave it.
      { url: `${url}/checkout`, host: checkout, rps: 20 },
    ],
    onAnswer: ({ at, status, servedBy }) => {
      const second = Math.floor(at / 1_000) * 1_000;
      const name = servedBy ?? 'nobody';
      last.set(name, at);
      const seconds = by.get(name) ?? new Map<number, { requests: number; failed: number }>();
      by.set(name, seconds);
      const counted = seconds.get(second) ?? { requests: 0, failed: 0 };
      seconds.set(second, counted);
      counted.requests++;
      if (status === 0 || status >= 500) counted.failed++;
    },
  });
  return {
    traffic,
    servedBy: (name) =>
      [...(by.get(name) ?? [])].map(([at, counted]) => ({ at, ...counted })).sort((a, b) => a.at - b.at),
    lastServedBy: (name) => last.get(name) ?? 0,
    stop: async () => void (await traffic.stop()),
  };
}

/** Environments of a cluster that have users of their own. */
const usersOf = new WeakMap<ClusterHouse, Set<string>>();

/** Users of an environment in which one service is tried out. */
export function startUsersOf(
  stage: { house(): ClusterHouse; keep(traffic: Traffic): void },
  environment: string,
): void {
  const there = usersOf.get(stage.house()) ?? new Set();
  if (there.has(environment)) return;
  usersOf.set(stage.house(), there.add(environment));
  const url = stage.house().ingress.address;
  stage.keep(
    startTraffic({
      targets: [
        { url: `${url}/checkout`, host: hostOf('checkout', environment), rps: 150 },
        { url: `${url}/`, host: hostOf('frontend', environment), rps: 10 },
      ],
    }),
  );
}

/** The ledger's records of one lane, as the API tells them. */
export interface Told {
  readonly seq: number;
  readonly at: number;
  readonly type: string;
  readonly subject: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What was read of each ledger so far: a record never changes. */
const read = new WeakMap<ClusterHouse, Told[]>();
const PAGE = 500;

export async function recordsOf(house: ClusterHouse, subject?: string): Promise<Told[]> {
  const all = read.get(house) ?? [];
  read.set(house, all);
  for (;;) {
    const after = all.at(-1)?.seq ?? 0;
    const page = await house.api<{ records: Told[] }>('GET', `/api/v1/ledger?after=${after}&limit=${PAGE}`);
    // Somebody else may have read on meanwhile.
    all.push(...page.records.filter((r) => r.seq > (all.at(-1)?.seq ?? 0)));
    if (page.records.length < PAGE) break;
  }
  return subject ? all.filter((r) => r.subject === subject) : [...all];
}
