#!/usr/bin/env node
// Sets up what a checkout needs and runs a task under Node 24: no dependency, so that any Node from 18 on can run it.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const [task = 'help', ...args] = process.argv.slice(2);
/** So much of the log is shown where something failed. */
const LOG_LINES = 15;
const machine = process.argv.includes('--json');
const say = (text) => process.stderr.write(`${text}\n`);
const die = (text, code = 3) => {
  if (machine)
    process.stdout.write(
      `${JSON.stringify({ schema: 'sluice.dev/error/v1', error: { code: 'SETUP', message: text, file: null, line: null, next: null } })}\n`,
    );
  else say(text);
  process.exit(code);
};

/** Programs that a task needs, and the Debian packages and Homebrew formulas that bring them. */
const PROGRAMS = [
  { program: 'git', debian: 'git', brew: 'git' },
  { program: 'prometheus', debian: 'prometheus', brew: 'prometheus' },
  { program: 'promtool', debian: 'prometheus', brew: 'prometheus' },
  {
    program: 'prometheus-alertmanager',
    also: ['alertmanager'],
    debian: 'prometheus-alertmanager',
    brew: 'alertmanager',
  },
  { program: 'amtool', debian: 'prometheus-alertmanager', brew: 'alertmanager' },
  { program: 'nginx', debian: 'nginx-light', brew: 'nginx' },
  { program: 'postgres', debian: 'postgresql', brew: 'postgresql@17', tests: true },
  {
    program: 'chromium',
    also: ['chromium-browser', 'google-chrome'],
    debian: 'chromium',
    brew: '--cask chromium',
    tests: true,
  },
  // Shells whose completion is tried, and what the script for other CI systems reads JSON with.
  ...['zsh', 'fish', 'jq'].map((program) => ({ program, debian: program, brew: program, tests: true })),
  ...[
    ['containerd', 'containerd'],
    ['runc', 'runc'],
    ['/usr/lib/cni/ptp', 'containernetworking-plugins'],
    ['etcd', 'etcd-server'],
    ['redis-server', 'redis-server'],
    ['iptables', 'iptables'],
    ['ip', 'iproute2'],
    ['openssl', 'openssl'],
  ].map(([program, debian]) => ({ program, debian, brew: debian, cluster: true })),
];
const SERVICES = [
  'postgresql',
  'prometheus',
  'prometheus-alertmanager',
  'nginx',
  'prometheus-node-exporter',
  'containerd',
  'etcd',
  'redis-server',
];
const PATHS = [
  ...(process.env.PATH ?? '').split(':'),
  '/usr/local/sbin',
  '/usr/sbin',
  '/sbin',
  '/opt/homebrew/bin',
  '/usr/local/bin',
  // Debian keeps the server of each PostgreSQL release in a folder of its own.
  ...['/usr/lib/postgresql', '/opt/homebrew/opt'].flatMap((folder) =>
    existsSync(folder)
      ? readdirSync(folder)
          .filter((name) => /^(\d+|postgresql@\d+)$/.test(name))
          .map((name) => join(folder, name, 'bin'))
      : [],
  ),
];
const has = (program) =>
  program.startsWith('/') ? existsSync(program) : PATHS.some((dir) => dir && existsSync(join(dir, program)));
/** What package managers and builds write: nobody reads it unless something failed, and then it is named. */
const LOG = join(root, 'setup.log');
let log = null;
const logged = () => {
  log ??= openSync(LOG, 'w');
  return log;
};
const run = (program, argv, options = {}) =>
  spawnSync(program, argv, { cwd: root, stdio: ['ignore', logged(), logged()], ...options });
/** The end of the log, where the reason mostly is. */
const logEnd = () => {
  const end = readFileSync(LOG, 'utf8').trim().split('\n').slice(-LOG_LINES).join('\n');
  return `${end}\nAll of it is in ${LOG}`;
};

/** Node packages of a folder: as its lock file says, once per lock file. */
function installPackages(folder = root, what = 'Node packages') {
  const lock = createHash('sha256')
    .update(readFileSync(join(folder, 'package-lock.json')))
    .digest('hex');
  const mark = join(folder, 'node_modules', '.sluice-lock');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === lock) return;
  say(`Setting up: ${what} …`);
  // Not `npm ci`: it refuses a lock file without the binaries of platforms that are not this one.
  const done = run(
    'npm',
    ['install', '--ignore-scripts', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'],
    {
      cwd: folder,
    },
  );
  if (done.status !== 0) die(`npm install did not succeed:\n${logEnd()}`);
  writeFileSync(mark, lock);
}

/** Node 24: this one if it is new enough, else the one that came with the packages. */
function node24() {
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  for (const name of [
    `node-${process.platform}-${process.arch}`,
    `node-bin-${process.platform}-${process.arch}`,
  ]) {
    const found = join(root, 'node_modules', name, 'bin', 'node');
    if (existsSync(found)) return found;
  }
  return die(`Node 24 is needed, this is ${process.version}; on macOS: brew install node@24`);
}

function missingPrograms({ tests, cluster }) {
  return PROGRAMS.filter(
    (p) => (tests || !p.tests) && (cluster || !p.cluster) && ![p.program, ...(p.also ?? [])].some(has),
  );
}

async function agreed(packages) {
  if (!process.stdin.isTTY || !process.stderr.isTTY || process.env.CI) return true;
  const ask = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await ask.question(
    `Install ${packages.join(', ')} with apt-get? No system service is started. [Y/n] `,
  );
  ask.close();
  return !/^n/i.test(answer.trim());
}

/** Keeps packages from starting services, and takes back what they enabled. */
function withoutServices(sudo, work) {
  const policy = '/usr/sbin/policy-rc.d';
  const ours = !existsSync(policy);
  const as = (argv, input) =>
    run(
      sudo[0] ?? argv[0],
      sudo.length ? [...sudo.slice(1), ...argv] : argv.slice(1),
      input === undefined ? {} : { input, stdio: ['pipe', 'ignore', logged()] },
    );
  const enabled = (unit) => existsSync(`/etc/systemd/system/multi-user.target.wants/${unit}.service`);
  const before = new Set(SERVICES.filter(enabled));
  const known = new Set(SERVICES.filter((unit) => existsSync(`/lib/systemd/system/${unit}.service`)));
  if (ours) {
    as(['tee', policy], '#!/bin/sh\nexit 101\n');
    as(['chmod', '755', policy]);
  }
  try {
    return work(as);
  } finally {
    if (ours) as(['rm', '-f', policy]);
    for (const unit of SERVICES)
      if (!known.has(unit) && !before.has(unit) && enabled(unit)) {
        // The helper wants to be called from a package's script; it keeps its own record of what it enabled.
        if (has('deb-systemd-helper'))
          as(['env', 'DPKG_MAINTSCRIPT_PACKAGE=sluice', 'deb-systemd-helper', 'disable', `${unit}.service`]);
        if (has('update-rc.d')) as(['update-rc.d', unit, 'disable']);
      }
  }
}

/** Programs of the surroundings: installed where we may, otherwise the one command to run is said. */
async function installPrograms(needs) {
  const missing = missingPrograms(needs);
  if (missing.length === 0) return;
  if (process.platform === 'darwin')
    die(
      `Missing: ${missing.map((p) => p.program).join(', ')}. Run: brew install ${[...new Set(missing.map((p) => p.brew))].join(' ')}`,
    );
  const packages = [...new Set(missing.map((p) => p.debian))];
  const command = `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  const sudo =
    process.getuid?.() === 0
      ? []
      : has('sudo') && spawnSync('sudo', ['-n', 'true']).status === 0
        ? ['sudo', '-n']
        : null;
  if (!has('apt-get') || sudo === null)
    die(`Missing: ${missing.map((p) => p.program).join(', ')}. Run once: sudo ${command}`);
  if (!(await agreed(packages))) die(`Not installed. When you like, run: ${command}`);
  say(`Setting up: ${packages.join(', ')} (no system service is started) …`);
  const status = withoutServices(sudo, (as) => {
    const env = ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get'];
    const install = () => as([...env, 'install', '-y', '-qq', '--no-install-recommends', ...packages]).status;
    as([...env, 'update', '-qq']);
    return install();
  });
  if (status !== 0) die(`apt-get did not succeed:\n${logEnd()}\nRun: ${command}`);
}

/** The console is built once per change of its sources. */
function buildConsole(node) {
  const hash = createHash('sha256');
  const list = spawnSync(
    'git',
    [
      'ls-files',
      '-co',
      '--exclude-standard',
      'console',
      'src/api',
      'src/kit',
      'src/delivery',
      'package-lock.json',
    ],
    { cwd: root, encoding: 'utf8' },
  );
  for (const file of (list.stdout ?? '').split('\n').filter(Boolean).sort()) {
    const path = join(root, file);
    if (existsSync(path) && statSync(path).isFile()) hash.update(file).update(readFileSync(path));
  }
  const key = hash.digest('hex');
  const mark = join(root, 'console', 'dist', '.built-from');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === key) return;
  say('Setting up: the console …');
  rmSync(join(root, 'console', 'dist'), { recursive: true, force: true });
  const built = run(node, [
    join(root, 'node_modules', 'vite', 'bin', 'vite.js'),
    'build',
    '--logLevel',
    'warn',
    'console',
  ]);
  if (built.status !== 0) die(`the console could not be built:\n${logEnd()}`);
  mkdirSync(dirname(mark), { recursive: true });
  writeFileSync(mark, key);
}

const NEEDS = {
  demo: { programs: true, console: true },
  test: { programs: true, tests: true, console: true },
  check: { programs: true, tests: true, console: true, site: true },
  docs: { site: true },
  bench: { programs: true },
  generate: {},
  vitest: { programs: true, tests: true, console: true },
  sluice: {},
  tools: {},
  policy: {},
  action: {},
  'test:forge': {},
  'test:trust': { programs: true, tests: true, console: true },
  'test:cluster': { programs: true, tests: true, console: true, cluster: true },
  image: { console: true },
  mutate: {},
  release: { console: true },
  setup: { programs: true, tests: true, console: true, site: true },
};

async function main() {
  const needs = NEEDS[task];
  if (!needs) die(`unknown task ${task}; one of: ${Object.keys(NEEDS).join(', ')}`, 2);
  installPackages();
  // What builds the documentation site is large, and nothing else needs it.
  if (needs.site) installPackages(join(root, 'docs'), 'packages of the documentation site');
  const node = node24();
  if (needs.programs) await installPrograms(needs);
  if (needs.console || (task === 'sluice' && args[0] === 'serve')) buildConsole(node);
  const scripts = {
    demo: ['src/main.ts', 'demo', ...args],
    sluice: ['src/main.ts', ...args],
    test: ['scripts/check.ts'],
    docs: ['scripts/docs.ts', ...args],
    check: ['scripts/check.ts', args.includes('--rest') ? '--rest' : '--all'],
    bench: ['bench/main.ts', ...args],
    generate: ['scripts/generate.ts', ...args],
    vitest: ['node_modules/vitest/vitest.mjs', ...args],
    tools: ['scripts/tools.mjs', ...args],
    policy: ['scripts/policy.mjs', ...args],
    action: ['scripts/action.mjs', ...args],
    'test:forge': ['scripts/check.ts', '--forge', ...args],
    'test:cluster': ['scripts/check.ts', '--cluster', ...args],
    'test:trust': ['scripts/check.ts', '--trust', ...args],
    image: ['scripts/image.ts', ...args],
    mutate: ['scripts/mutate/main.ts', ...args],
    release: ['scripts/release.ts', ...args],
  };
  if (!scripts[task]) return;
  const [script, ...rest] = scripts[task];
  const { spawn } = await import('node:child_process');
  const child = spawn(node, [join(root, script), ...rest], {
    cwd: task === 'sluice' ? (process.env.INIT_CWD ?? process.cwd()) : root,
    stdio: 'inherit',
    env: { ...process.env, PATH: `${dirname(node)}:${process.env.PATH}` },
  });
  // A terminal's Ctrl-C reaches the child by itself; we only wait for it.
  for (const signal of ['SIGINT', 'SIGTERM'])
    process.on(signal, () => signal === 'SIGTERM' && child.kill(signal));
  child.once('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
}

await main();
