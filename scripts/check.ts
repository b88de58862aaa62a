import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { counted } from '../src/kit/counted.ts';
import { filesOf, type Suite, TEST_STAGES, type TestStage } from './stages.ts';
import { buildTools, CLUSTER_TOOLS, isBuilt } from './tools.mjs';

/**
 * `npm test` (the suite `test`), `npm run check` (everything: `test`, then `rest`), `npm run check -- --rest`,
 * `npm run test:forge` and `npm run test:cluster`: the same stages as CI, with the seconds of each. `npm run test:trust`
 * runs one stage of the rest.
 */
const root = join(import.meta.dirname, '..');
const out = join(root, 'test/.out');
const bin = (path: string): string => join(root, 'node_modules', path);

interface Stage {
  readonly name: string;
  readonly args: readonly string[];
  /** Where a stage of tests leaves what came of each. */
  readonly report?: string;
}

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages?: readonly string[];
    }[];
  }[];
}

/** Files whose tests did not all run, with how many did not. */
type LeftOut = Map<string, number>;

interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly leftOut: LeftOut;
  readonly times: readonly string[];
  /** Each test that failed, in a line. */
  readonly failures: readonly string[];
  readonly bad: boolean;
}

/** Of more than so many the first say what is wrong. */
const FAILURES_SHOWN = 20;

const STATIC_STAGES: readonly Stage[] = [
  { name: 'types', args: [bin('typescript/bin/tsc'), '-p', '.'] },
  { name: 'types of the console', args: [bin('typescript/bin/tsc'), '-p', 'console'] },
  { name: 'lint', args: [bin('@biomejs/biome/bin/biome'), 'check', '--error-on-warnings', '.'] },
];

function testsOf(stage: TestStage): Stage {
  const report = join(out, `${stage.name.replace(/\W+/g, '-')}.json`);
  const args = [
    bin('vitest/vitest.mjs'),
    'run',
    `--reporter=${stage.reporter}`,
    '--reporter=json',
    `--outputFile.json=${report}`,
    `--maxWorkers=${stage.workers}`,
    // Logs are read in places that show no colours.
    ...(process.stdout.isTTY ? [] : ['--no-color']),
    ...(stage.stopsEarly ? ['--bail=1'] : []),
    ...filesOf(stage, root),
  ];
  return { name: stage.name, args, report };
}

/** Stages of suites, or of one name alone. */
const stagesOf = (suites: readonly Suite[], only: string | null): readonly Stage[] => [
  ...(suites.includes('test') ? STATIC_STAGES : []),
  ...TEST_STAGES.filter(({ name, suite }) => (only === null ? suites.includes(suite) : name === only)).map(
    testsOf,
  ),
];

/** What a suite cannot do without. A cluster's parts are built on the way; a Gitea is asked for. */
async function prepare(suites: readonly Suite[]): Promise<number> {
  if (suites.includes('forge') && !isBuilt('gitea')) {
    process.stderr.write('This needs a Gitea that was built here. Next: npm run tools (it needs Go)\n');
    return 3;
  }
  if (!suites.includes('cluster')) return 0;
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    process.stderr.write('A Kubernetes on this machine needs Linux and root.\n');
    process.stderr.write('Next: run it as root, or on a machine of its own (docs/cluster.md)\n');
    return 3;
  }
  return buildTools(CLUSTER_TOOLS);
}

/** What came of a stage's tests; null where the run ended without saying so. */
function readReport(file: string): Report | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Report;
  } catch {
    return null;
  }
}

function leftOutOf(report: Report): LeftOut {
  const found: LeftOut = new Map();
  for (const { name, assertionResults } of report.testResults) {
    const skipped = assertionResults.filter((a) => ['pending', 'skipped', 'todo'].includes(a.status)).length;
    if (skipped > 0) found.set(relative(root, name), skipped);
  }
  return found;
}

/** What failed, at the end of the output: whoever reads a log begins there. */
const failuresOf = (report: Report): string[] =>
  report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === 'failed')
      .map(({ fullName, failureMessages }) => {
        const why = stripVTControlCharacters(failureMessages?.[0] ?? '').split('\n')[0];
        return `failed: ${relative(root, name)}: ${fullName}: ${why}`;
      }),
  );

/** Runs the stages in order. One that fails does not keep later ones of tests from telling what they find. */
function run(stages: readonly Stage[]): Outcome {
  let [passed, failed, bad] = [0, 0, false];
  const leftOut: LeftOut = new Map();
  const times: string[] = [];
  const failures: string[] = [];
  for (const { name, args, report } of stages) {
    process.stdout.write(`\n── ${name} …\n`);
    if (report) rmSync(report, { force: true });
    const begun = performance.now();
    const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit', env: process.env });
    const seconds = ((performance.now() - begun) / 1_000).toFixed(1);
    const read = report ? readReport(report) : null;
    passed += read?.numPassedTests ?? 0;
    failed += read?.numFailedTests ?? 0;
    if (read) failures.push(...failuresOf(read));
    for (const [file, n] of read ? leftOutOf(read) : []) leftOut.set(file, n);
    const ok = status === 0 && (!report || read !== null);
    times.push(`${name.padEnd(22)} ${seconds.padStart(6)} s${ok ? '' : '  failed'}`);
    bad ||= !ok;
    // Without types nothing further can be believed.
    if (!ok && !report) break;
  }
  return { passed, failed, leftOut, times, failures, bad };
}

const sum = (files: LeftOut): number => [...files.values()].reduce((a, b) => a + b, 0);
const testsIn = (files: LeftOut): string =>
  `${counted(sum(files), 'test')} in ${counted(files.size, 'file')}`;

/** In one line what did not run, and what would make it run. */
function leftOutLine(leftOut: LeftOut): string {
  const named = (file: string) =>
    [...readFileSync(join(root, file), 'utf8').matchAll(/\b(?:tool|definitions)\('([\w-]+)'\)/g)].map(
      (m) => m[1]!,
    );
  const absent = new Map([...leftOut.keys()].map((file) => [file, named(file).filter((t) => !isBuilt(t))]));
  const forTools: LeftOut = new Map([...leftOut].filter(([file]) => absent.get(file)!.length > 0));
  const others: LeftOut = new Map([...leftOut].filter(([file]) => !forTools.has(file)));
  const tools = [...new Set([...absent.values()].flat())].sort();
  return [
    ...(tools.length > 0
      ? [
          `skipped because these programs are missing: ${tools.join(', ')}: ${testsIn(forTools)} (npm run tools builds them; it needs Go)`,
        ]
      : []),
    ...(others.size > 0 ? [`not run on this machine, or after a failure: ${testsIn(others)}`] : []),
  ].join('; ');
}

const suites: readonly Suite[] = (() => {
  const asked = process.argv.slice(2);
  if (asked.includes('--forge')) return ['forge'];
  if (asked.includes('--cluster')) return ['cluster'];
  if (asked.includes('--rest') || asked.includes('--trust')) return ['rest'];
  return asked.includes('--all') ? ['test', 'rest'] : ['test'];
})();
mkdirSync(out, { recursive: true });
const unprepared = await prepare(suites);
if (unprepared !== 0) process.exit(unprepared);
const { passed, failed, leftOut, times, failures, bad } = run(
  stagesOf(suites, process.argv.includes('--trust') ? 'trust' : null),
);
process.stdout.write(`\n${times.join('\n')}\n`);
for (const failure of failures.slice(0, FAILURES_SHOWN)) process.stdout.write(`${failure}\n`);
if (leftOut.size > 0) process.stdout.write(`${leftOutLine(leftOut)}\n`);
const skipped = leftOut.size > 0 ? `, ${sum(leftOut)} skipped` : '';
process.stdout.write(`${passed} passed, ${failed} failed${skipped}\n`);
process.exitCode = bad ? 1 : 0;
