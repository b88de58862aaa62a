import { expect } from 'vitest';
import { patiently } from '../../wait.ts';
import { applicationsOf, untilAllSynced } from '../people.ts';
import type { Stage } from '../stage.ts';
import { until } from '../wait.ts';
import { LAB, type Lab, labOf, leaderOf, untilAnotherLeads } from './lab.ts';

const MINUTE = 60_000;
const WITHOUT_METRICS_MS = 10_000;

/** After a rollback: the old version serves, and Git asks for it by our own revert. */
export async function putRight(lab: Lab, stable: string | null): Promise<void> {
  await lab.until(`is Stable on ${stable}`, (l) => l.state === 'Stable' && l.stable === stable, 2 * MINUTE);
  await until(
    'the revert is merged and applied',
    2 * MINUTE,
    async () => !(await lab.rollout()).status.abort,
  );
  await untilAllSynced(lab.house, 2 * MINUTE);
}

/**
 * A kubelet that starts takes its pods for unready until it has asked them: on a cluster of one node everybody may lose
 * requests meanwhile. That is nobody's fault: the release is stopped at most once, and its retry is like any other.
 */
async function stoppedOnce(lab: Lab, begun: number, restartedAt: number): Promise<boolean> {
  const mine = await lab.records(begun);
  const aborts = mine.filter((r) => r.data['to'] === 'Abort');
  const last = mine.findLast((r) => r.type === 'release.opened')!;
  expect(mine.filter((r) => r.type === 'release.opened')).toHaveLength(aborts.length + 1);
  await lab.once(last.at);
  if (aborts.length === 0) return false;
  expect(aborts).toHaveLength(1);
  expect(aborts[0]!.data).toMatchObject({ reason: 'MULTI_WINDOW_BURN', blamed: false });
  expect(aborts[0]!.at).toBeGreaterThan(restartedAt);
  return true;
}

/** What breaks in the middle of a canary, and how it ends all the same. */
export function faultStory(stage: Stage): void {
  stage.step(
    'CLUSTER-8: When our leader is killed and the next one is cut off, both in mid-canary, Then the release ends as it would have: once',
    async () => {
      const lab = labOf(stage, 'checkout');
      const begun = await lab.release('1.1.0');
      await lab.at(20);
      const first = (await leaderOf(lab.house))!;
      lab.house.machine.killContainer('sluice', first.pod);
      const killed = await untilAnotherLeads(lab.house, first);
      const second = (await leaderOf(lab.house))!;
      await lab.at(50);
      const { machine } = lab.house;
      if (!machine.parts) return void (await lab.until('takes 1.1.0', (l) => l.stable === '1.1.0'));
      const cut = (how: '-I' | '-D') => {
        for (const side of ['-s', '-d'])
          machine.inside('iptables', how, 'FORWARD', side, second.ip, '-j', 'DROP');
      };
      cut('-I');
      const lost = await untilAnotherLeads(lab.house, second).finally(() => cut('-D'));
      lab.house.kubectl('rollout', 'restart', 'deployment/sluice', '-n', 'sluice');
      await lab.until('takes 1.1.0', (l) => l.state === 'Stable' && l.stable === '1.1.0');
      lab.house.kubectl(
        'rollout',
        'status',
        'deployment/sluice',
        '-n',
        'sluice',
        `--timeout=${patiently(90_000) / 1_000}s`,
      );
      await lab.once(begun);
      const { report } = stage;
      report().figure('leader killed to another leading', killed / 1_000, 's');
      report().figure('leader cut off to another leading', lost / 1_000, 's');
      report().outcome(
        'our leader killed in mid-canary',
        `another leads after ${Math.round(killed / 100) / 10} s; promoted once`,
      );
      report().outcome(
        "the leader's network cut",
        `another leads after ${Math.round(lost / 100) / 10} s; promoted once`,
      );
    },
  );

  stage.step(
    'CLUSTER-11: When Argo CD heals itself during an abort, Then the bad version stays away, and Git is put right',
    async () => {
      const lab = labOf(stage, 'checkout');
      const { house } = lab;
      const { stable } = await lab.now();
      const begun = await lab.release('1.7.0');
      await until('1.7.0 is condemned', 3 * MINUTE, async () =>
        (await lab.records(begun)).some((r) => r.data['to'] === 'Abort' && r.data['blamed'] === true),
      );
      house.kubectl(
        'label',
        'service',
        'checkout',
        '-n',
        LAB,
        'app.kubernetes.io/managed-by=somebody',
        '--overwrite',
      );
      const label = () =>
        house.kubectl(
          'get',
          'service',
          'checkout',
          '-n',
          LAB,
          '-o',
          "jsonpath={.metadata.labels['app\\.kubernetes\\.io/managed-by']}",
        );
      await until('Argo CD has healed it', MINUTE, () => label() === 'Helm');
      const opened = (await lab.records(begun)).filter((r) => r.type === 'release.opened');
      expect(
        opened.filter((r) => (r.data['target'] as { version: string }).version === '1.7.0'),
      ).toHaveLength(1);
      expect((await lab.now()).weight).toBe(0);
      await putRight(lab, stable);
      expect((await applicationsOf(house)).every((a) => a.health === 'Healthy')).toBe(true);
      stage
        .report()
        .outcome('Argo CD self-heal during an abort', 'the bad version stays away; a revert puts Git right');
    },
  );

  stage.step(
    'CLUSTER-10: When our server is away altogether and a canary begins to fail, Then the cluster aborts it by its own burn rates',
    async () => {
      const lab = labOf(stage, 'checkout');
      const { house } = lab;
      const { stable } = await lab.now();
      const begun = await lab.release('1.9.0');
      await lab.at(20);
      house.kubectl('scale', 'deployment', 'sluice', '-n', 'sluice', '--replicas=0');
      await until(
        'the Rollout is aborted',
        2 * MINUTE,
        async () => (await lab.rollout()).status.abort === true,
      );
      expect((await lab.rollout()).status.message).toContain('Metric "burn" assessed Failed');
      house.kubectl('scale', 'deployment', 'sluice', '-n', 'sluice', '--replicas=2');
      // What was counted meanwhile is in Prometheus: once back, it judges that as well, and blames with reason. Where it
      // was stopped before there was enough of it, the burn rates stay the reason, and the retry is what is blamed.
      await until('the abort is on record', 2 * MINUTE, async () => {
        const aborts = (await lab.records(begun)).filter((r) => r.data['to'] === 'Abort');
        const [first] = aborts;
        expect(first?.data['reason'] ?? 'HARM_SHOWN').toMatch(/^(HARM_SHOWN|MULTI_WINDOW_BURN)$/);
        return aborts.some((r) => r.data['reason'] === 'HARM_SHOWN' && r.data['blamed'] === true);
      });
      await putRight(lab, stable);
      stage
        .report()
        .outcome(
          'our server away while a canary fails',
          'aborted by the burn rates alone; on record once it is back',
        );
    },
  );
}

/**
 * What breaks for everybody on the one node. Told last: an incident of all of its pods numbs the evidence for an hour,
 * and an analysis of another team whose header is in a Secret ends in error, and its Rollout with it, where it is asked
 * while the API server is away.
 */
export function restartStory(stage: Stage): void {
  stage.step(
    'CLUSTER-9: When Prometheus is gone, the API server restarts and the kubelet restarts, Then nothing is promoted blindly, and the release goes on',
    async () => {
      const lab = labOf(stage, 'checkout');
      const { house } = lab;
      const version = await lab.another();
      const begun = await lab.release(version);
      await lab.at(20);
      // Before it is gone: the first look without an answer may be recorded sooner than its end is seen.
      const goneAt = Date.now();
      await house.prometheus.lab.kill();
      await until('looks without an answer are told', MINUTE, async () => {
        const told = (await lab.records(goneAt)).filter((r) => r.type === 'release.looked');
        const reasons = told.flatMap((r) => (r.data['verdict'] as { reasons: string[] }).reasons);
        return reasons.includes('SOURCE_UNAVAILABLE');
      });
      await until('some seconds without metrics', MINUTE, async () => {
        expect((await lab.now()).weight).toBe(20);
        return Date.now() - goneAt > WITHOUT_METRICS_MS;
      });
      await house.prometheus.lab.again();
      const { parts } = house.machine;
      if (parts) {
        await parts.apiserver.kill();
        await parts.apiserver.again();
        await until('the API server again', MINUTE, () => house.kubectl('get', '--raw', '/readyz') === 'ok');
      }
      await lab.at(50);
      const soFar = await lab.records(begun);
      expect(soFar.filter((r) => r.type === 'release.opened')).toHaveLength(1);
      expect(soFar.filter((r) => r.data['to'] === 'Abort')).toEqual([]);
      const restartedAt = Date.now();
      await parts?.kubelet.again();
      await lab.until(`takes ${version}`, (l) => l.state === 'Stable' && l.stable === version, 3 * MINUTE);
      const stopped = await stoppedOnce(lab, begun, restartedAt);
      stage
        .report()
        .outcome('Prometheus killed for ten seconds', 'held at 20 %, no rollback; goes on when it is back');
      stage
        .report()
        .outcome('API server restarted', 'lanes stand still until it answers; the release goes on');
      stage
        .report()
        .outcome(
          "the node's kubelet restarted",
          stopped
            ? 'stopped by the burn rates, unblamed; tried again by itself, and promoted'
            : 'promoted once',
        );
    },
  );
}
