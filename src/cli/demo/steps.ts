import { request } from 'undici';
import type { PullView } from '../../api/governance.ts';
import type { LaneSummary } from '../../api/lane.ts';
import type { ReleaseView } from '../../api/views.ts';
import { propose, pullOf } from './people.ts';
import { outcomeOf, type StageResult, stageResult } from './results.ts';
import { client, desiredOf, ENVIRONMENT, type EnvironmentName, SERVICE, type Stage, soon } from './stage.ts';

/** The step at which a declared incident begins. */
const INCIDENT_STEP = 1;

export const laneOf = async (stage: Stage, environment: string = ENVIRONMENT): Promise<LaneSummary> => {
  const overview = await client(stage).get('/api/v1/overview');
  return overview.lanes.find((l) => l.service === SERVICE && l.environment === environment)!;
};

const releaseOf = (stage: Stage, id: string) =>
  client(stage).get('/api/v1/releases/{id}', { params: { id } });
export const pullsOf = async (stage: Stage): Promise<readonly PullView[]> =>
  (await client(stage).get('/api/v1/pulls')).pulls;

/** A developer's branch that sets one version where releases begin, and its pull request. */
const proposeVersion = (stage: Stage, version: string): Promise<number> =>
  propose(
    stage.server,
    stage.work,
    {
      branch: `${SERVICE}-${version}`,
      environment: stage.environments[0]!,
      desired: desiredOf(stage.releases, SERVICE, version),
      title: `Release ${SERVICE} ${version}`,
      autoMerge: true,
    },
    stage.pushChange,
  );

/** Waits for what the gate says of a pull request. */
export const judged = (
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

export const merged = (pull: PullView): boolean => pull.state === 'merged';

const newestOf = async (stage: Stage, title: string): Promise<PullView | undefined> =>
  (await pullsOf(stage)).filter((p) => p.title === title).toSorted((a, b) => b.number - a.number)[0];

/** The newest pull request of that title that Sluice opened by itself. */
export const ours = (stage: Stage, title: string): Promise<number> =>
  soon(stage, `a pull request "${title}"`, async () => {
    return (await newestOf(stage, title))?.number;
  });
export const promotionTitle = (version: string, to: string) => `Promote ${SERVICE} ${version} to ${to}`;

/** Causes a declared incident behind the payment service. */
async function cause(stage: Stage, incident: string): Promise<void> {
  const edge = stage.server.edges[ENVIRONMENT]?.['payment'];
  await (await request(`${edge}/incidents/${incident}`, { method: 'POST' })).body.dump();
}

/** Watches the release that follows another one, to its verdict. */
export async function watch(
  stage: Stage,
  environment: EnvironmentName,
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

/** One version in one environment: its pull request merges by itself, it is released and judged. */
async function through(
  stage: Stage,
  version: string,
  environment: EnvironmentName,
): Promise<[ReleaseView, StageResult]> {
  const before = (await laneOf(stage, environment)).release;
  const number =
    environment === stage.environments[0]
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
export async function allTheWay(stage: Stage, version: string, environments: readonly EnvironmentName[]) {
  const stages: StageResult[] = [];
  for (const environment of environments) {
    const [release, result] = await through(stage, version, environment);
    stages.push(result);
    if (result.outcome !== 'promoted' || environment === environments.at(-1)) return { release, stages };
  }
  throw new Error('broken invariant: there is an environment');
}

/** The newest revert that Sluice asked for by itself, once it is merged. */
export const revertOf = (stage: Stage, version: string, environment: EnvironmentName): Promise<PullView> =>
  soon(stage, `a revert to ${version} in ${environment}`, async () => {
    const newest = await newestOf(stage, `Revert ${SERVICE} to ${version} in ${environment}`);
    if (newest) stage.say(newest.sentence);
    return newest !== undefined && merged(newest) ? newest : undefined;
  });

const FREEZE_MS = 3_600_000;

/**
 * A person's freeze beside the automatic one, which ends with the budget's window of 60 s: on a slow machine that is
 * sooner than the revert is judged. Returns its id.
 */
export async function freezeUntilReverted(stage: Stage): Promise<string> {
  const freeze = {
    scope: `${SERVICE}/${ENVIRONMENT}`,
    reason: 'frozen until the revert has merged',
    until: new Date(Date.now() + FREEZE_MS).toISOString(),
  };
  return (await client(stage).post('/api/v1/freezes', { body: freeze })).id;
}

export const liftFreeze = (stage: Stage, id: string, reason: string): Promise<unknown> =>
  client(stage).post('/api/v1/freezes/{id}/lift', { params: { id }, body: { reason } });
