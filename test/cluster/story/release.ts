import { expect } from 'vitest';
import {
  applicationsOf,
  laneOf,
  lanesOf,
  merge,
  type Pull,
  propose,
  proposeAndMerge,
  pullsOf,
  recordsOf,
  rolloutOf,
  untilAllSynced,
  untilLane,
} from '../people.ts';
import { ENVIRONMENTS } from '../shop.ts';
import type { Stage } from '../stage.ts';
import { until } from '../wait.ts';

const MINUTE = 60_000;

interface Pipelines {
  readonly services: readonly {
    readonly stands: readonly {
      readonly environment: string;
      readonly sync: { readonly word: string } | null;
    }[];
  }[];
}

/** The seed's sections 2 and 4 on a real control plane: nothing in here is a fake but the ingress controller. */
export function releaseStory({ step, ...stage }: Stage): void {
  const titled = (what: string, pattern: RegExp, limitMs: number): Promise<Pull> =>
    until(what, limitMs, async () => (await pullsOf(stage.house())).find((p) => pattern.test(p.title)));
  const merged = (number: number, limitMs: number) =>
    until(`#${number} merged`, limitMs, async () =>
      (await pullsOf(stage.house())).some((p) => p.number === number && p.merged),
    );

  /** A pull request to dev, merged as soon as the forge lets a person merge it. */
  const release = (service: string, version: string): Promise<void> =>
    proposeAndMerge(stage.house(), service, version, 'dev', MINUTE);
  /**
   * The weights that the last release of a lane was seen to serve, in order, by its own record. One before it may have
   * been stopped where this machine stood still and users waited in vain: then nobody is blamed, and it is tried again.
   */
  const weights = async (service: string, environment: string, from: number) => {
    const records = await recordsOf(stage.house(), `${service}/${environment}`);
    const since = records.filter((r) => r.at >= from);
    const last = since.findLast((r) => r.type === 'release.opened')!;
    expect(since.filter((r) => r.type === 'lane.moved' && r.data['blamed'] === true)).toEqual([]);
    return since
      .filter((r) => r.type === 'release.confirmed' && r.seq > last.seq)
      .map((r) => r.data['weight']);
  };

  step(
    'CLUSTER-1: Given the shop in three stages, synced by Argo CD, each service is taken as it is',
    async () => {
      await untilAllSynced(stage.house(), 2 * MINUTE);
      await until('every lane at rest', MINUTE, async () => {
        const lanes = await lanesOf(stage.house());
        const mine = lanes.filter((l) => ENVIRONMENTS.includes(l.environment as never));
        return mine.length === 16 && mine.every((l) => l.state === 'Stable' && l.stable === '1.0.0');
      });
      stage.startUsers();
      await until('users are served', MINUTE, () => stage.users().traffic.report().ok > 200);
    },
  );

  step(
    'CLUSTER-2: When frontend and checkout are merged to dev, Then load and SLOs pass them, and each is proposed to stage, and then to prod',
    async () => {
      const begun = Date.now();
      for (const service of ['frontend', 'checkout']) await release(service, '1.1.0');
      for (const service of ['frontend', 'checkout']) {
        await untilLane(
          stage.house(),
          service,
          'dev',
          'takes 1.1.0',
          3 * MINUTE,
          (l) => l.state === 'Stable' && l.stable === '1.1.0',
        );
        const promotion = await titled(
          `${service} proposed to stage`,
          new RegExp(`${service} 1\\.1\\.0.*stage`),
          MINUTE,
        );
        await merged(promotion.number, MINUTE);
      }
      const loads = (await recordsOf(stage.house(), 'checkout/dev')).filter(
        (r) => r.type === 'release.loaded',
      );
      // A release that still lacks requests asks for another load test, which ends with it: the whole one counts.
      const load = loads
        .map((r) => r.data as { tool: string; requests: number; failed: number; outcome: string })
        .sort((a, b) => b.requests - a.requests)[0]!;
      expect(load).toMatchObject({ tool: 'k6', requests: expect.any(Number) });
      // How many it sends depends on the machine.
      expect(load.requests).toBeGreaterThan(0);
      // The shop fails one request in five thousand by itself, and 0.1 % of these few is less than one of them.
      expect(load.failed).toBeLessThan(load.requests / 100);
      expect(load.outcome).toBe(load.failed / load.requests <= 0.001 ? 'passed' : 'failed');
      await stage.report().picture('overview', '/');
      for (const service of ['frontend', 'checkout'])
        for (const environment of ['stage', 'prod'] as const) {
          await untilLane(
            stage.house(),
            service,
            environment,
            'takes 1.1.0',
            4 * MINUTE,
            (l) => l.state === 'Stable' && l.stable === '1.1.0',
          );
          expect(await weights(service, environment, begun)).toEqual([20, 50, 100]);
        }
      await untilAllSynced(stage.house(), MINUTE);
      await stage.report().release('good', 'checkout');
      for (const service of ['frontend', 'checkout']) {
        const { status } = await rolloutOf(stage.house(), service, 'prod');
        expect(status).toMatchObject({ phase: 'Healthy' });
        expect(status.stableRS).toBe(status.currentPodHash);
      }
      expect(
        stage
          .users()
          .servedBy('checkout 1.1.0')
          .some((s) => s.requests > 0),
      ).toBe(true);
    },
  );

  let degradedAt = 0;
  step(
    'CLUSTER-3: When a version harms only real users, Then prod aborts it, the stable ReplicaSet serves again, and Git is put right',
    async () => {
      const begun = Date.now();
      await release('checkout', '2.0.0');
      const abort = await until('checkout in prod stops 2.0.0', 7 * MINUTE, async () =>
        (await recordsOf(stage.house(), 'checkout/prod')).find(
          // Where the burn rates in the cluster are sooner than the verdict, it is tried again, and that is blamed.
          (r) =>
            r.type === 'lane.moved' && r.at >= begun && r.data['to'] === 'Abort' && r.data['blamed'] === true,
        ),
      );
      degradedAt = Date.now();
      await stage.report().picture('aborted', '/');
      expect(abort.data).toMatchObject({ reason: 'HARM_SHOWN', blamed: true });
      await until('nobody is sent to it', 30_000, () => {
        const last = stage.users().lastServedBy('checkout 2.0.0');
        return Date.now() - last > 5_000;
      });
      const lastSeen = stage.users().lastServedBy('checkout 2.0.0');
      stage
        .report()
        .figure('abort to the last second with a canary request', (lastSeen - abort.at) / 1_000, 's');
      // Its flag is gone as soon as our revert is applied; what happened stays on record.
      const aborted = 'reason=RolloutAborted,involvedObject.name=checkout';
      const names = ['get', 'events', '-n', 'prod', '--field-selector', aborted, '-o', 'name'];
      await until('Argo Rollouts aborted it', 30_000, () => stage.house().kubectl(...names) !== '');
      const { status } = await rolloutOf(stage.house(), 'checkout', 'prod');
      await until('the stable ReplicaSet alone has pods', MINUTE, async () => {
        const sets = await stage.house().objects<{
          metadata: { name: string; labels: Record<string, string> };
          spec: { replicas: number };
        }>('replicasets', 'prod');
        const mine = sets.filter((s) => s.metadata.name.startsWith('checkout-') && s.spec.replicas > 0);
        return (
          mine.length === 1 && mine[0]!.metadata.labels['rollouts-pod-template-hash'] === status.stableRS
        );
      });
      expect((await laneOf(stage.house(), 'checkout', 'prod')).stable).toBe('1.1.0');
      const revert = await titled(
        'a revert of 2.0.0 in prod',
        /[Rr]evert.*checkout.*prod|[Rr]estore.*checkout/,
        2 * MINUTE,
      );
      await merged(revert.number, 2 * MINUTE);
      await stage.report().release('bad', 'checkout');
    },
  );

  step(
    'CLUSTER-4: Then releases freeze while the budget is spent, and the service recovers: Degraded, Recovery, Stable; both say Synced and Healthy',
    async () => {
      await untilLane(
        stage.house(),
        'checkout',
        'prod',
        'is Stable again',
        3 * MINUTE,
        (l) => l.state === 'Stable',
      );
      const states = (await recordsOf(stage.house(), 'checkout/prod'))
        .filter((r) => r.type === 'lane.moved')
        .map((r) => String(r.data['to']));
      expect(states.slice(states.lastIndexOf('Abort'))).toEqual([
        'Abort',
        'Rollback',
        'Degraded',
        'Recovery',
        'Stable',
      ]);
      const freezes = (await recordsOf(stage.house())).filter(
        (r) => r.type.startsWith('freeze') && r.at >= degradedAt - 60_000,
      );
      expect(freezes.length).toBeGreaterThan(0);
      await untilAllSynced(stage.house(), 2 * MINUTE);
      await until('Sluice says so too', MINUTE, async () => {
        const { services } = await stage.house().api<Pipelines>('GET', '/api/v1/pipeline');
        const words = services.flatMap((p) =>
          p.stands.filter((l) => ENVIRONMENTS.includes(l.environment as never)).map((l) => l.sync?.word),
        );
        return words.length > 0 && words.every((word) => word === 'Synced');
      });
      expect((await laneOf(stage.house(), 'checkout', 'prod')).stable).toBe('1.1.0');
      // What was never stable in stage is denied, and the forge itself refuses the merge.
      const skipping = await propose(stage.house(), 'checkout', '1.3.0', 'prod');
      await until('it is denied', MINUTE, async () => {
        const { pulls } = await stage
          .house()
          .api<{ pulls: { number: number; allow: boolean | null }[] }>('GET', '/api/v1/pulls');
        return pulls.some((p) => p.number === skipping.number && p.allow === false);
      });
      await expect(merge(stage.house(), skipping.number)).rejects.toThrow(/405/);
      expect(await applicationsOf(stage.house())).toHaveLength(16);
    },
  );

  step('CLUSTER-5: Then the ledger tells the whole story, and it is whole', async () => {
    const verified = await stage.house().api<{ ok: boolean }>('GET', '/api/v1/ledger/verification');
    expect(verified.ok).toBe(true);
    await stage.report().ledger();
    await stage.report().kept();
    for (const environment of ENVIRONMENTS)
      expect(stage.house().kubectl('get', 'rollouts', '-n', environment)).toContain('checkout');
  });
}
