import { expect } from 'vitest';
import { isMap, isSeq } from 'yaml';
import { startTraffic } from '../../../src/gitops/adapters/load-test/open-loop.ts';
import { patiently } from '../../wait.ts';
import { namespaceOf, yamls } from '../manifests.ts';
import { laneThere, letGoOn, recordsThere, runsOf, theirRollout, untilThere } from '../outside/lanes.ts';
import { objectiveText, openProgram, type Program } from '../outside/program.ts';
import { type GuardedPrometheus, startGuarded } from '../outside/prometheus.ts';
import {
  hostOfTeam,
  OUTSIDE,
  TEAM,
  type TeamService,
  teamObjects,
  toConfiguration,
  toVersion,
} from '../outside/team.ts';
import type { Stage } from '../stage.ts';
import { until } from '../wait.ts';

const MINUTE = 60_000;
const AWAY_MS = 7 * MINUTE;
const RPS = 12;
const TOKEN = 'of-another-team';

/** Weights of the Rollout of books after which a person is waited for, and the steps of that as they wrote them. */
const OWN_PAUSES = [
  [25, 1],
  [60, 3],
] as const;
/** The same steps with ours between them. */
const PAUSES = [3, 6];
/** Good when it starts, and then half of its requests fail: long before their own analyses would say so. */
const BAD = '1.9.0';

/** What a person answers to the questions of `sluice adopt`, in the files that it wrote. */
function answer(program: Program, prometheus: { readonly token: string }): void {
  expect(prometheus.token).not.toBe('');
  program.write('sluice/search.yaml', objectiveText('search'));
  program.edit('sluice/platform.yaml', (document) => {
    const environment = ['spec', 'environments', 0];
    document.setIn([...environment, 'cluster', 'kubeconfig'], {
      secretRef: { env: 'SLUICE_OUTSIDE_KUBECONFIG' },
    });
    document.setIn([...environment, 'prometheus', 'bearer'], { secretRef: { env: 'SLUICE_OUTSIDE_TOKEN' } });
    document.setIn([...environment, 'prometheus', 'scrapeInterval'], '15s');
    document.setIn([...environment, 'prometheus', 'evaluationInterval'], '60s');
    document.setIn(['spec', 'strategy'], { warmUp: '15s', dwell: '30s', dwellAtFull: '30s' });
    document.setIn(['spec', 'evidence'], { witnesses: 3 });
    document.setIn(['spec', 'kubernetes'], { server: program.url });
    const services = document.getIn(['spec', 'services']);
    if (!isSeq(services)) throw new Error('no services were adopted');
    const books = services.items.find((item) => isMap(item) && item.get('name') === 'books');
    if (!isMap(books)) throw new Error('books was not adopted');
    books.set('container', 'books');
    document.addIn(['spec', 'services'], {
      name: 'search',
      slos: ['search-availability'],
      revisionLabel: 'rollouts_pod_template_hash',
    });
  });
}

/** Three Rollouts from outside, from what they are to the first verdict that stops one of them. */
export function outsideStory(stage: Stage): void {
  // Once what is judged within seconds is over: many pods that start at once are felt by everything on two cores.
  const beside = stage.beside(2);
  let prometheus: GuardedPrometheus;
  let program: Program;
  const patch = (args: readonly string[]) => stage.house().kubectl(...args);
  const each = <T>(work: (service: TeamService) => Promise<T>): Promise<T[]> => Promise.all(TEAM.map(work));
  const untilStable = (service: TeamService, version: string, limitMs: number) =>
    untilThere(
      program,
      service,
      `is Stable on ${version}`,
      limitMs,
      (l) => l.state === 'Stable' && l.stable === version,
    );
  const ran = async (exit: number, ...args: string[]): Promise<string> => {
    const { exit: was, out } = await program.run(...args);
    expect(was, `sluice ${args.join(' ')}\n${out}`).toBe(exit);
    return out;
  };
  const movesOf = async (service: TeamService, from: number) =>
    (await recordsThere(program, service, from)).filter((r) => r.type === 'lane.moved').map((r) => r.data);

  beside.step(
    'CLUSTER-15: Given three Rollouts of another team and a Prometheus behind a token, When they are adopted, Then what cannot be told is asked, and answered they are followed',
    async () => {
      const house = stage.house();
      prometheus = await startGuarded(house.machine, TOKEN);
      stage.onEnd(prometheus.close);
      house.machine.kubectl(['apply', '-f', '-'], yamls(namespaceOf(OUTSIDE)));
      house.machine.kubectl(
        ['apply', '-f', '-'],
        yamls(...teamObjects(prometheus.address, `Bearer ${TOKEN}`)),
      );
      house.kubectl(
        'rollout',
        'status',
        'deployment/payment',
        '-n',
        OUTSIDE,
        `--timeout=${patiently(300_000) / 1_000}s`,
      );
      await each((service) =>
        until(`${service} runs`, 2 * MINUTE, async () => {
          const { status } = await theirRollout(house, service);
          return status?.phase === 'Healthy';
        }),
      );
      const users = startTraffic({
        targets: TEAM.map((s) => ({
          url: `${house.ingress.address}/checkout`,
          host: hostOfTeam(s),
          rps: RPS,
        })),
      });
      stage.keep(users);
      await until('users of theirs are served', MINUTE, () => users.report().ok > 200);
      program = await openProgram(house.machine, prometheus);
      stage.onEnd(program.stop);
      await ran(1, 'adopt', '--cluster', '--namespace', OUTSIDE);
      const questions = program.read('sluice/questions.md');
      expect(questions).toContain('Which container of books is the service: mesh, books?');
      expect(questions).toContain('What is a good request of search?');
      expect(questions.match(/^- \[ \]/gm)).toHaveLength(5);
      answer(program, prometheus);
      await ran(0, 'validate', 'sluice');
      await ran(0, 'render', 'sluice', '--out', 'rendered');
      await prometheus.load(program.read('rendered/prod/prometheus/rules.yml'), program.url);
      await program.serve();
      await each((service) => untilStable(service, '1.0.0', MINUTE));
      await ran(0, 'validate', 'sluice', '--prometheus', prometheus.address);
    },
  );

  beside.step(
    'CLUSTER-16: Given mode observe, When each of them is released, Then each release is judged and recorded, and nothing of theirs is changed',
    async () => {
      const house = stage.house();
      const begun = Date.now();
      for (const service of TEAM) patch(toVersion(service, '1.1.0'));
      // A person looks at what is there before they let it go on.
      for (const [weight, step] of OWN_PAUSES) {
        await untilThere(
          program,
          'books',
          `is judged at ${weight}%`,
          2 * MINUTE,
          (l) => l.weight === weight && l.state === 'Evaluating',
        );
        await letGoOn(house, 'books', step);
      }
      await each((service) => untilStable(service, '1.1.0', 2 * MINUTE));
      for (const service of TEAM) {
        const records = await recordsThere(program, service, begun);
        expect(records.filter((r) => r.type === 'release.opened')).toHaveLength(1);
        expect(records.filter((r) => r.type === 'release.looked').length).toBeGreaterThan(0);
        expect(records.flatMap((r) => (r.data['effects'] as object[] | undefined) ?? [])).toEqual([]);
        const moves = await movesOf(service, begun);
        expect(moves.find((m) => m['to'] === 'Promote')?.['reason']).toMatch(/^(PASSED|OWN_STEPS)$/);
      }
      expect(prometheus.refused()).toBe(0);
    },
  );

  beside.step(
    'CLUSTER-17: Given mode enforce and a freeze, When a configuration is changed, Then it is held before any traffic, and begins once the freeze is lifted',
    async () => {
      const house = stage.house();
      await ran(0, 'render', 'sluice', '--format', 'kubernetes', '--out', 'rendered');
      const templates = `${program.folder}/rendered/argo-rollouts/clusteranalysistemplates.yaml`;
      house.kubectl('apply', '-f', templates);
      stage.onEnd(async () => void house.kubectl('delete', '--ignore-not-found', '-f', templates));
      for (const service of TEAM) {
        const file = `${program.folder}/sluice/patch-prod-${service}.yaml`;
        house.kubectl('patch', 'rollout', service, '-n', OUTSIDE, '--type=merge', `--patch-file=${file}`);
      }
      program.edit('sluice/platform.yaml', (document) =>
        document.setIn(['spec', 'environments', 0, 'mode'], 'enforce'),
      );
      await ran(0, 'validate', 'sluice');
      await program.serve();
      await each((service) => untilStable(service, '1.1.0', MINUTE));
      const frozen = await ran(
        0,
        ...[
          'freeze',
          'on',
          'prod',
          '--until',
          '1h',
          '--reason',
          'a sale',
          '--json',
          ...program.serverOptions,
        ],
      );
      const begun = Date.now();
      for (const service of TEAM) patch(toConfiguration(service, 'debug'));
      await each((service) =>
        until(`${service} was told twice that it is held`, MINUTE, async () => {
          const [start] = await runsOf(house, service);
          const told = start?.status?.metricResults?.[0]?.measurements ?? [];
          return told.filter((m) => m.value?.includes('HELD')).length >= 2;
        }),
      );
      for (const service of TEAM) {
        expect(await laneThere(program, service)).toMatchObject({ state: 'Stable', weight: 0 });
        expect((await laneThere(program, service)).waiting).not.toBeNull();
        expect((await theirRollout(house, service)).status.currentStepIndex).toBe(0);
        const records = await recordsThere(program, service, begun);
        expect(records.filter((r) => r.type === 'release.opened')).toEqual([]);
      }
      const { id } = JSON.parse(frozen) as { id: string };
      await ran(0, 'freeze', 'off', id, '--reason', 'it is over', ...program.serverOptions);
      await each((service) => untilThere(program, service, 'begins', MINUTE, (l) => l.weight > 0));
    },
  );

  beside.step(
    'CLUSTER-18: When our server is away for seven minutes in mid-canary, Then nothing is aborted, people are told, and the releases pass once it is back',
    async () => {
      const house = stage.house();
      const before = Date.now();
      for (const service of TEAM) {
        const aborts = (await movesOf(service, 0)).filter((m) => m['to'] === 'Abort');
        expect(aborts, `${service} is in mid-canary`).toEqual([]);
      }
      await program.kill();
      await until('people on call are told', AWAY_MS, async () =>
        (await prometheus.alerts()).some((a) => a.name === 'SluiceAway' && a.state === 'firing'),
      );
      stage.report().figure('server outside gone to SluiceAway firing', (Date.now() - before) / 1_000, 's');
      await until('seven minutes', AWAY_MS, () => Date.now() - before > AWAY_MS);
      for (const service of TEAM) {
        const { status } = await theirRollout(house, service);
        const runs = await runsOf(house, service);
        const told = `${service}: ${status.message ?? 'no message'}\n${JSON.stringify(runs.map((run) => run.status))}`;
        expect([service, status.abort ?? false], told).toEqual([service, false]);
        const phases = runs.map((run) => run.status?.phase);
        expect(
          phases.filter((phase) => phase === 'Failed' || phase === 'Error'),
          told,
        ).toEqual([]);
      }
      await program.serve();
      for (const step of PAUSES) await letGoOn(house, 'books', step);
      await each((service) =>
        until(`${service} is Healthy`, 2 * MINUTE, async () => {
          const { status } = await theirRollout(house, service);
          return status.phase === 'Healthy' && status.stableRS === status.currentPodHash;
        }),
      );
      await each((service) => untilStable(service, '1.1.0', MINUTE));
      for (const service of TEAM) {
        const moves = await movesOf(service, before);
        expect(moves.filter((m) => m['to'] === 'Abort')).toEqual([]);
        expect(moves.find((m) => m['to'] === 'Promote')?.['reason']).toBe('PASSED');
      }
      await ran(0, 'doctor', 'sluice', '--cluster');
      stage
        .report()
        .outcome(
          'our server away for seven minutes, Rollouts of another team',
          'they wait; people are told; each passes once it is back',
        );
    },
  );

  beside.step(
    'CLUSTER-19: When a bad version of each is released, Then the verdict aborts it, the stable one serves, and it is told why',
    async () => {
      const house = stage.house();
      const begun = Date.now();
      const stable = new Map(
        await each(async (s) => [s, (await theirRollout(house, s)).status.stableRS] as const),
      );
      for (const service of TEAM) patch(toVersion(service, BAD));
      await each(async (service) => {
        await until(`${service} is aborted`, 3 * MINUTE, async () => {
          const { status } = await theirRollout(house, service);
          return status.abort === true;
        });
        const abort = await until(`${service} has a record of it`, MINUTE, async () =>
          (await movesOf(service, begun)).find((m) => m['to'] === 'Abort'),
        );
        expect(abort).toMatchObject({ reason: 'HARM_SHOWN', blamed: true });
        const { status } = await theirRollout(house, service);
        expect(status.stableRS).toBe(stable.get(service));
      });
      // Whoever put it there takes it back: it is what serves, and begins no release.
      for (const service of TEAM) patch(toVersion(service, '1.1.0'));
      await each((service) =>
        until(`${service} is Healthy again`, 2 * MINUTE, async () => {
          const { status } = await theirRollout(house, service);
          return status.phase === 'Healthy' && status.stableRS === status.currentPodHash;
        }),
      );
      for (const service of TEAM) {
        const opened = (await recordsThere(program, service, begun)).filter(
          (r) => r.type === 'release.opened',
        );
        expect(opened).toHaveLength(1);
      }
      expect(prometheus.refused()).toBe(0);
    },
  );
}
