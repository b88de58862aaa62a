import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../wait.ts';
import { type ClusterHouse, keepLogs, startHouse } from './house.ts';
import {
  type Answers,
  applicationsOf,
  laneOf,
  lanesOf,
  merge,
  type Pull,
  propose,
  pullsOf,
  recordsOf,
  startUsers,
  untilAllSynced,
  untilLane,
} from './people.ts';
import { openReport, type Report } from './report.ts';
import { ENVIRONMENTS } from './shop.ts';

const OUT = join(import.meta.dirname, '../.out/cluster');
const MINUTE = 60_000;

interface RolloutObject {
  metadata: { name: string };
  spec: { template: { spec: { containers: { image: string }[] } } };
  status: { phase: string; stableRS: string; currentPodHash: string; abort?: boolean; message?: string };
}

/** The seed's sections 2 and 4 on a real control plane: nothing in here is a fake but the ingress controller. */
describe('a release on Kubernetes', () => {
  let house: ClusterHouse;
  let users: Answers;
  let report: Report;
  let failed = false;

  beforeAll(async () => {
    rmSync(OUT, { recursive: true, force: true });
    mkdirSync(OUT, { recursive: true });
    house = await startHouse((what) => process.stderr.write(`cluster: ${what}\n`));
    report = openReport(house, OUT);
  }, 5 * MINUTE);
  afterAll(async () => {
    if (failed && house) keepLogs(house, join(OUT, 'failure'));
    await users?.stop();
    await house?.stop();
  }, 2 * MINUTE);

  /** Given, When, Then: the first failure ends the story, and keeps what there is to see. */
  const step = (name: string, limitMs: number, work: () => Promise<void>) =>
    it(
      name,
      async () => {
        expect(failed, 'an earlier step failed').toBe(false);
        try {
          await work();
        } catch (thrown) {
          failed = true;
          throw thrown;
        }
      },
      limitMs,
    );
  const rollout = (service: string, environment: string) =>
    house.objects<RolloutObject>('rollouts', environment).find((r) => r.metadata.name === service)!;
  const titled = (what: string, pattern: RegExp, limitMs: number): Promise<Pull> =>
    until(what, limitMs, async () => (await pullsOf(house)).find((p) => pattern.test(p.title)));
  const merged = (number: number, limitMs: number) =>
    until(`#${number} merged`, limitMs, async () =>
      (await pullsOf(house)).some((p) => p.number === number && p.merged),
    );

  /** A pull request to dev, merged as soon as the forge lets a person merge it. */
  async function release(service: string, version: string): Promise<void> {
    const pull = await propose(house, service, version, 'dev');
    await until(`the forge lets #${pull.number} merge`, MINUTE, async () => {
      await merge(house, pull.number);
      return true;
    });
  }
  /** The weights that a lane was seen to serve, in order, by its own record. */
  const weights = async (service: string, environment: string, from: number) =>
    (await recordsOf(house, `${service}/${environment}`))
      .filter((r) => r.type === 'release.confirmed' && r.at >= from)
      .map((r) => r.data['weight']);

  step(
    'CLUSTER-1: Given the shop in three stages, synced by Argo CD, each service is taken as it is',
    3 * MINUTE,
    async () => {
      await untilAllSynced(house, 2 * MINUTE);
      await until('every lane at rest', MINUTE, async () => {
        const lanes = await lanesOf(house);
        return lanes.length === 12 && lanes.every((l) => l.state === 'Stable' && l.stable === '1.0.0');
      });
      users = startUsers(house);
      await until('users are served', MINUTE, () => users.traffic.report().ok > 200);
    },
  );

  step(
    'CLUSTER-2: When frontend and checkout are merged to dev, Then load and SLOs pass them, and each is proposed to stage, and then to prod',
    9 * MINUTE,
    async () => {
      const begun = Date.now();
      for (const service of ['frontend', 'checkout']) await release(service, '1.1.0');
      for (const service of ['frontend', 'checkout']) {
        await untilLane(
          house,
          service,
          'dev',
          'takes 1.1.0',
          3 * MINUTE,
          (l) => l.state === 'Stable' && l.stable === '1.1.0',
        );
        const stage = await titled(
          `${service} proposed to stage`,
          new RegExp(`${service} 1\\.1\\.0.*stage`),
          MINUTE,
        );
        await merged(stage.number, MINUTE);
      }
      await report.picture('overview', '/');
      for (const service of ['frontend', 'checkout'])
        for (const environment of ['stage', 'prod'] as const) {
          await untilLane(
            house,
            service,
            environment,
            'takes 1.1.0',
            4 * MINUTE,
            (l) => l.state === 'Stable' && l.stable === '1.1.0',
          );
          expect(await weights(service, environment, begun)).toEqual([20, 50, 100]);
        }
      await untilAllSynced(house, MINUTE);
      await report.release('good', 'checkout');
      for (const service of ['frontend', 'checkout']) {
        const { status } = rollout(service, 'prod');
        expect(status).toMatchObject({ phase: 'Healthy' });
        expect(status.stableRS).toBe(status.currentPodHash);
      }
      expect(users.servedBy('checkout 1.1.0').some((s) => s.requests > 0)).toBe(true);
    },
  );

  let degradedAt = 0;
  step(
    'CLUSTER-3: When a version harms only real users, Then prod aborts it, the stable ReplicaSet serves again, and Git is put right',
    9 * MINUTE,
    async () => {
      const begun = Date.now();
      await release('checkout', '2.0.0');
      const stopped = await untilLane(house, 'checkout', 'prod', 'stops 2.0.0', 7 * MINUTE, (l) =>
        ['Abort', 'Rollback', 'Degraded'].includes(l.state),
      );
      await report.picture('aborted', '/');
      degradedAt = Date.now();
      const moves = (await recordsOf(house, 'checkout/prod')).filter(
        (r) => r.type === 'lane.moved' && r.at >= begun,
      );
      const abort = moves.find((r) => r.data['to'] === 'Abort')!;
      expect(abort.data).toMatchObject({ reason: 'HARM_SHOWN', blamed: true });
      await until('nobody is sent to it', 30_000, () => {
        const last = users.servedBy('checkout 2.0.0').at(-1)?.at ?? 0;
        return Date.now() - last > 5_000;
      });
      const lastSeen = users.servedBy('checkout 2.0.0').at(-1)!.at;
      report.figure('abort to the last second with a canary request', (lastSeen - abort.at) / 1_000, 's');
      expect(lastSeen - abort.at).toBeLessThan(10_000);
      const { status } = rollout('checkout', 'prod');
      expect(status.abort).toBe(true);
      await until('the stable ReplicaSet alone has pods', MINUTE, () => {
        const sets = house.objects<{
          metadata: { name: string; labels: Record<string, string> };
          spec: { replicas: number };
        }>('replicasets', 'prod');
        const mine = sets.filter((s) => s.metadata.name.startsWith('checkout-') && s.spec.replicas > 0);
        return (
          mine.length === 1 && mine[0]!.metadata.labels['rollouts-pod-template-hash'] === status.stableRS
        );
      });
      expect(stopped.stable).toBe('1.1.0');
      const revert = await titled(
        'a revert of 2.0.0 in prod',
        /[Rr]evert.*checkout.*prod|[Rr]estore.*checkout/,
        2 * MINUTE,
      );
      await merged(revert.number, 2 * MINUTE);
      await report.release('bad', 'checkout');
    },
  );

  step(
    'CLUSTER-4: Then releases freeze while the budget is spent, and the service recovers: Degraded, Recovery, Stable; both say Synced and Healthy',
    6 * MINUTE,
    async () => {
      await untilLane(house, 'checkout', 'prod', 'is Stable again', 3 * MINUTE, (l) => l.state === 'Stable');
      const states = (await recordsOf(house, 'checkout/prod'))
        .filter((r) => r.type === 'lane.moved')
        .map((r) => String(r.data['to']));
      expect(states.slice(states.lastIndexOf('Abort'))).toEqual([
        'Abort',
        'Rollback',
        'Degraded',
        'Recovery',
        'Stable',
      ]);
      const freezes = (await recordsOf(house)).filter(
        (r) => r.type.startsWith('freeze') && r.at >= degradedAt - 60_000,
      );
      expect(freezes.length).toBeGreaterThan(0);
      await untilAllSynced(house, 2 * MINUTE);
      await until('Sluice says so too', MINUTE, async () => {
        const { lanes } = await house
          .api<{ lanes: { sync: { word: string } | null }[] }>('GET', '/api/v1/pipeline')
          .catch(() => ({ lanes: [] }));
        return lanes.length === 0 || lanes.every((l) => l.sync === null || l.sync.word === 'Synced');
      });
      expect((await laneOf(house, 'checkout', 'prod')).stable).toBe('1.1.0');
      expect(applicationsOf(house)).toHaveLength(12);
    },
  );

  step('CLUSTER-5: Then the ledger tells the whole story, and it is whole', MINUTE, async () => {
    const verified = await house.api<{ ok: boolean }>('GET', '/api/v1/ledger/verification');
    expect(verified.ok).toBe(true);
    await report.ledger();
    for (const environment of ENVIRONMENTS)
      expect(house.kubectl('get', 'rollouts', '-n', environment)).toContain('checkout');
  });
});
