import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildTools, isBuilt, TOOLS } from './tools.mjs';

/** `npm test` and `npm run check`: the same stages as CI, with the seconds of each. */
const root = join(import.meta.dirname, '..');
const out = join(root, 'test/.out');
mkdirSync(out, { recursive: true });

interface Stage {
  readonly name: string;
  readonly args: readonly string[];
  readonly report?: string;
}

const bin = (path: string) => join(root, 'node_modules', path);
const vitest = (name: string, ...more: string[]): Stage => {
  const report = join(out, `${name}.json`);
  const reporters = ['--reporter=dot', '--reporter=json', `--outputFile.json=${report}`];
  return { name, args: [bin('vitest/vitest.mjs'), 'run', ...reporters, ...more], report };
};

/** A real Gitea, which only `npm run tools` brings: a suite of its own. */
const FORGE: readonly Stage[] = [vitest('forge', 'test/forge', '--maxWorkers=1')];

/** A real Kubernetes on this machine, built from source: one file at a time, each with the whole of it. */
const CLUSTER: readonly Stage[] = [
  vitest('cluster', 'test/cluster', '--maxWorkers=1', '--reporter=verbose', '--bail=1'),
];

const STAGES: readonly Stage[] = [
  { name: 'types', args: [bin('typescript/bin/tsc'), '-p', '.'] },
  { name: 'types of the console', args: [bin('typescript/bin/tsc'), '-p', 'console'] },
  { name: 'lint', args: [bin('@biomejs/biome/bin/biome'), 'check', '--error-on-warnings', '.'] },
  vitest(
    'unit',
    'src',
    'shop',
    'test/house',
    'test/golden',
    'test/cli',
    'test/policy',
    'test/gate',
    'test/charts',
  ),
  vitest('simulation', 'test/sim'),
  // Real servers want the machine for themselves: one file at a time.
  vitest(
    'real',
    'test/contract',
    'test/kept',
    'test/workflows',
    'test/e2e',
    'test/browser',
    '--maxWorkers=1',
  ),
];

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

/** What a suite cannot do without. A cluster is built on the way; a Gitea is asked for. */
async function prepare(suite: readonly Stage[]): Promise<number> {
  if (suite === FORGE && !isBuilt('gitea')) {
    process.stderr.write('This needs a Gitea that was built here. Next: npm run tools (it needs Go)\n');
    return 3;
  }
  if (suite !== CLUSTER) return 0;
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    process.stderr.write('A Kubernetes on this machine needs Linux and root.\n');
    process.stderr.write('Next: run it as root, or on a machine of its own (docs/cluster.md)\n');
    return 3;
  }
  const needed = Object.entries(TOOLS).filter(
    ([name, t]) => t.cluster || ['gitea', 'helm', 'k6'].includes(name),
  );
  return buildTools(needed.map(([name]) => name));
}

const suite = process.argv.includes('--forge')
  ? FORGE
  : process.argv.includes('--cluster')
    ? CLUSTER
    : STAGES;
const unprepared = await prepare(suite);
if (unprepared !== 0) process.exit(unprepared);
const missing = Object.entries(TOOLS).flatMap(([name, t]) => (t.cluster || isBuilt(name) ? [] : [name]));
const skippedNames: string[] = [];
const count = { passed: 0, failed: 0, skipped: 0 };
const times: string[] = [];
let bad = false;
for (const { name, args, report } of suite) {
  const begun = performance.now();
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit', env: process.env });
  times.push(
    `${name.padEnd(22)} ${((performance.now() - begun) / 1_000).toFixed(1)} s${status === 0 ? '' : '  failed'}`,
  );
  if (report) {
    const read = JSON.parse(readFileSync(report, 'utf8')) as Report;
    count.passed += read.numPassedTests;
    count.failed += read.numFailedTests;
    count.skipped += read.numPendingTests;
    for (const { assertionResults } of read.testResults)
      for (const one of assertionResults)
        if (['pending', 'skipped'].includes(one.status)) skippedNames.push(one.fullName);
  }
  if (status !== 0) bad = true;
  if (status !== 0 && !report) break;
}
process.stdout.write(`\n${times.join('\n')}\n`);
if (skippedNames.length > 0) {
  process.stdout.write(
    missing.length > 0
      ? `\nSkipped, since these are not built: ${missing.join(', ')}. Next: npm run tools (it needs Go).\n`
      : '\nNot run, since a step before them failed:\n',
  );
  for (const name of skippedNames) process.stdout.write(`  ${name}\n`);
}
const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : '';
process.stdout.write(`${count.passed} passed, ${count.failed} failed${skipped}\n`);
process.exitCode = bad ? 1 : 0;
