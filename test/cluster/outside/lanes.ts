import type { ClusterHouse } from '../harness.ts';
import type { LaneNow, RolloutObject, Told } from '../people.ts';
import { until } from '../wait.ts';
import type { Program } from './program.ts';
import { OUTSIDE, type TeamService } from './team.ts';

/** What the stories look at of a Rollout of another team. */
export interface TheirRollout extends RolloutObject {
  readonly spec: { readonly strategy: { readonly canary: { readonly steps: readonly object[] } } };
  readonly status: RolloutObject['status'] & {
    readonly currentStepIndex?: number;
    readonly pauseConditions?: readonly { readonly reason: string }[];
  };
}

/** An analysis as Argo Rollouts ran it. */
export interface TheirRun {
  readonly metadata: {
    readonly name: string;
    readonly ownerReferences: readonly { readonly name: string }[];
    readonly labels: Readonly<Record<string, string>>;
  };
  readonly status?: {
    readonly phase: string;
    readonly metricResults?: readonly {
      readonly name: string;
      readonly measurements?: readonly { readonly phase: string; readonly value?: string }[];
    }[];
  };
}

export async function theirRollout(house: ClusterHouse, service: TeamService): Promise<TheirRollout> {
  const all = await house.objects<TheirRollout>('rollouts', OUTSIDE);
  return all.find((r) => r.metadata.name === service)!;
}

/** The analyses of the pod template that a Rollout asks for now. */
export async function runsOf(house: ClusterHouse, service: TeamService): Promise<TheirRun[]> {
  const { status } = await theirRollout(house, service);
  return (await house.objects<TheirRun>('analysisruns', OUTSIDE)).filter(
    (run) =>
      run.metadata.ownerReferences.some((o) => o.name === service) &&
      run.metadata.labels['rollouts-pod-template-hash'] === status.currentPodHash,
  );
}

export async function laneThere(program: Program, service: TeamService): Promise<LaneNow> {
  const { lanes } = await program.api<{ lanes: LaneNow[] }>('GET', '/api/v1/overview');
  return lanes.find((l) => l.service === service)!;
}

export async function recordsThere(program: Program, service: TeamService, from: number): Promise<Told[]> {
  const all: Told[] = [];
  for (;;) {
    const after = all.at(-1)?.seq ?? 0;
    const page = await program.api<{ records: Told[] }>('GET', `/api/v1/ledger?after=${after}&limit=500`);
    all.push(...page.records);
    if (page.records.length < 500) break;
  }
  return all.filter((r) => r.subject === `${service}/prod` && r.at >= from);
}

export async function untilThere(
  program: Program,
  service: TeamService,
  what: string,
  limitMs: number,
  is: (lane: LaneNow) => boolean,
): Promise<void> {
  let last: LaneNow | null = null;
  await until(`${service} ${what}`, limitMs, async () => {
    last = await laneThere(program, service);
    return is(last);
  }).catch(async (error: Error) => {
    const told = (await recordsThere(program, service, 0).catch(() => [])).slice(-12);
    throw new Error(
      [`${error.message}; it is ${JSON.stringify(last)}`, ...told.map((r) => JSON.stringify(r))].join('\n  '),
    );
  });
}

/** A person lets a Rollout go on past a pause that has no end, as `kubectl argo rollouts promote` does. */
export async function letGoOn(house: ClusterHouse, service: TeamService, afterStep: number): Promise<void> {
  await until(`${service} waits at step ${afterStep} for a person`, 60_000, async () => {
    const { status } = await theirRollout(house, service);
    return status.currentStepIndex === afterStep && (status.pauseConditions ?? []).length > 0;
  });
  const status = JSON.stringify({ status: { pauseConditions: null } });
  house.kubectl(
    'patch',
    'rollout',
    service,
    '-n',
    OUTSIDE,
    '--subresource=status',
    '--type=merge',
    '-p',
    status,
  );
}
