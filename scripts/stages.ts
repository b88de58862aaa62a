import { globSync } from 'node:fs';

/** Which run of tests a stage belongs to: `npm test`, the rest of `npm run check`, or a suite that is asked for by name. */
export type Suite = 'test' | 'rest' | 'forge' | 'cluster';

export interface TestStage {
  readonly name: string;
  readonly suite: Suite;
  /** Files of tests, or folders of them, from the root. */
  readonly takes: readonly string[];
  /** How many files run at a time. Real servers want the machine for themselves. */
  readonly workers: 1 | 2;
  /** A name for each file as it ends where a stage takes minutes; elsewhere a dot for each test. */
  readonly reporter: 'dot' | 'default' | 'verbose';
  /** What cannot be told apart after a first failure ends there. */
  readonly stopsEarly?: boolean;
}

/**
 * In the order in which they run. A file belongs to the stage that names it most exactly, so that a new one is never
 * forgotten: the quick stage takes every folder that no other stage names.
 */
export const TEST_STAGES: readonly TestStage[] = [
  {
    name: 'quick',
    suite: 'test',
    // Of the charts these need no helm.
    takes: ['src', 'shop', 'test', 'test/charts/charts.test.ts', 'test/charts/docs.test.ts'],
    workers: 2,
    reporter: 'dot',
  },
  {
    name: 'simulation, a sample',
    suite: 'test',
    takes: ['test/sim'],
    workers: 2,
    reporter: 'dot',
  },
  {
    name: 'one release',
    suite: 'test',
    takes: ['test/e2e/good-and-bad.test.ts'],
    workers: 1,
    reporter: 'default',
  },
  {
    name: 'one page',
    suite: 'test',
    takes: ['test/browser/smoke.test.ts'],
    workers: 1,
    reporter: 'default',
  },
  // Every number by the promtool of Prometheus 2, and by that of Prometheus 3 where `npm run tools -- promtool` built it.
  {
    name: 'numbers',
    suite: 'rest',
    takes: [
      'test/golden/flux.test.ts',
      'test/golden/kinds.test.ts',
      'test/field/n01-comments',
      'test/field/n03-quantile-without-traffic',
      'test/field/n04-ratio-after-quiet',
      'test/field/n05-increase',
      'test/field/n06-offset',
      'test/field/n08-alerts-off',
      'test/field/n10-bucket-as-integer',
      'test/field/n11-groups',
      'test/field/n15-arithmetic',
      'test/field/public-files/numbers.test.ts',
      'test/field/public-files/own-labels.test.ts',
      'test/field/public-files/renders.test.ts',
      'test/field/pyrra',
    ],
    workers: 2,
    reporter: 'dot',
  },
  // What only programs that `npm run tools` builds can say.
  {
    name: 'built tools',
    suite: 'rest',
    takes: [
      'test/policy/opa.test.ts',
      'test/cli/opa-server.test.ts',
      'test/docs/rego.test.ts',
      'test/charts',
      'test/package/chart.test.ts',
      'test/field/d12-chart-upgrade',
      'test/field/d13-root-service-after-abort',
      'test/field/sloth',
    ],
    workers: 2,
    reporter: 'dot',
  },
  {
    name: 'simulation',
    suite: 'rest',
    takes: [
      'test/sim/agreement.test.ts',
      'test/sim/kills.test.ts',
      'test/sim/planes-1.test.ts',
      'test/sim/planes-2.test.ts',
      'test/sim/planes-bugs.test.ts',
      'test/sim/planes-due.test.ts',
      'test/sim/runs-1.test.ts',
      'test/sim/runs-2.test.ts',
    ],
    workers: 2,
    reporter: 'dot',
  },
  // Attackers: every route and every kind of caller, every parser and inputs that nobody wrote. `npm run test:trust`.
  {
    name: 'trust',
    suite: 'rest',
    takes: ['test/trust'],
    workers: 2,
    reporter: 'default',
  },
  // Every form in which Sluice is installed, made and used in an empty folder.
  {
    name: 'packages',
    suite: 'rest',
    takes: ['test/package/install.test.ts', 'test/package/files.test.ts'],
    workers: 1,
    reporter: 'default',
  },
  // The documentation site, and the commands of its tutorial on real parts.
  {
    name: 'documentation',
    suite: 'rest',
    takes: ['test/docs/site.test.ts', 'test/docs/tutorial.test.ts'],
    workers: 1,
    reporter: 'default',
  },
  {
    name: 'real parts',
    suite: 'rest',
    takes: ['test/contract', 'test/kept', 'test/workflows', 'test/e2e', 'test/browser'],
    workers: 1,
    reporter: 'default',
  },
  // A real Gitea, which only `npm run tools` brings.
  { name: 'forge', suite: 'forge', takes: ['test/forge'], workers: 1, reporter: 'default' },
  // A real Kubernetes on this machine, built from source: one file at a time, each with the whole of it.
  {
    name: 'cluster',
    suite: 'cluster',
    takes: ['test/cluster'],
    workers: 1,
    reporter: 'verbose',
    stopsEarly: true,
  },
];

const takes = (taken: string, file: string): boolean => file === taken || file.startsWith(`${taken}/`);
const exactness = (stage: TestStage, file: string): number =>
  Math.max(0, ...stage.takes.filter((t) => takes(t, file)).map((t) => t.length));

/** The stage of one file of tests. */
export const stageOf = (file: string): TestStage =>
  TEST_STAGES.reduce((best, stage) => (exactness(stage, file) > exactness(best, file) ? stage : best));

/** Every file of tests of the checkout, from its root. */
export const testFiles = (root: string): string[] =>
  globSync(['src/**/*.test.ts', 'shop/**/*.test.ts', 'test/**/*.test.ts'], { cwd: root }).sort();

/** The files that a stage runs. */
export const filesOf = (stage: TestStage, root: string): string[] =>
  testFiles(root).filter((file) => stageOf(file) === stage);
