import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { bundleAction } from '../../scripts/action.mjs';
import { compile } from '../../src/controller/compile.ts';
import { renderAll } from '../../src/controller/render.ts';
import { git } from '../../src/gitops/adapters/git/program.ts';
import { type GithubFake, startGithubFake } from '../contract/forge/github-fake.ts';
import { bareRepository, type TestRepository } from '../contract/forge/repository.ts';
import { desired, SLOS } from '../gate/harness.ts';
import { tool } from '../tools.ts';

const ROOT = join(import.meta.dirname, '../..');
const closing: (() => void | Promise<void>)[] = [];
afterAll(async () => {
  for (const close of closing.reverse()) await close();
});

const platform = (
  auth: string,
  prometheus = 'http://prometheus.invalid',
  more = '',
) => `apiVersion: sluice.dev/v1
kind: Platform
metadata: { name: flows }
spec:
  environments:
    - { name: stage, prometheus: { address: '${prometheus}' } }
    - { name: prod, prometheus: { address: '${prometheus}', bearer: { secretRef: { env: PROMETHEUS_TOKEN } } } }
  services: [{ name: checkout, slos: [checkout-availability] }]
  forge:
    github: { repository: acme/shop, ${auth}, webhookSecret: { secretRef: { env: HOOK_SECRET } } }
    declaration: platform
${more}`;
const TOKEN = 'token: { secretRef: { env: SLUICE_GITHUB_TOKEN } }';
const APP = 'app: { id: 4711, installation: 1, privateKey: { secretRef: { env: APP_KEY } } }';
const MACHINES = `  signIn:
    machines: [{ issuer: 'https://token.actions.githubusercontent.com', audience: sluice, claims: { repository: acme/shop }, scopes: [operate] }]
`;

async function rendered(text: string): Promise<Map<string, string>> {
  const compiled = compile([
    { file: 'platform.yaml', text },
    { file: 'slos.yaml', text: SLOS },
  ]);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
  return new Map([...(await renderAll(compiled.value))].filter(([path]) => path.startsWith('github/')));
}
interface Workflow {
  readonly permissions: object;
  readonly jobs: Record<
    string,
    {
      permissions: Record<string, string>;
      steps: { uses?: string; run?: string; with?: Record<string, string> }[];
    }
  >;
}
const workflows = (files: Map<string, string>) =>
  [...files]
    .filter(([path]) => path.endsWith('.yml'))
    .map(([path, text]) => [path, text, parse(text) as Workflow] as const);

describe('what is rendered for GitHub', () => {
  it.each([
    ['a token', platform(TOKEN)],
    ['an App', platform(APP)],
    ['our server', platform(TOKEN, undefined, MACHINES)],
  ])('FLOW-1: with %s: actions pinned by commit, nothing granted but what a job needs', async (_, text) => {
    const files = await rendered(text);
    expect([...files.keys()].sort()).toEqual([
      'github/ruleset.json',
      'github/workflows/sluice-gate.yml',
      'github/workflows/sluice-promote.yml',
      'github/workflows/sluice-reevaluate.yml',
    ]);
    for (const [path, , flow] of workflows(files)) {
      expect(flow.permissions, path).toEqual({});
      for (const job of Object.values(flow.jobs)) {
        const writes = Object.entries(job.permissions)
          .filter(([, right]) => right === 'write')
          .map(([name]) => name);
        const allowed = path.includes('promote')
          ? ['contents', 'pull-requests']
          : ['pull-requests', 'statuses', 'id-token'];
        expect(
          writes.filter((w) => !allowed.includes(w)),
          path,
        ).toEqual([]);
        for (const { uses } of job.steps)
          if (uses) expect(uses, path).toMatch(/^(\.\/|[\w-]+\/[\w-]+@[0-9a-f]{40}$)/);
      }
    }
  });

  it.skipIf(!tool('actionlint'))('FLOW-1: actionlint has nothing to say', async () => {
    const home = mkdtempSync(join(tmpdir(), 'sluice-flow-'));
    closing.push(() => rmSync(home, { recursive: true, force: true }));
    for (const text of [platform(TOKEN), platform(APP), platform(TOKEN, undefined, MACHINES)])
      for (const [path, flow] of workflows(await rendered(text))) {
        const file = join(home, path.split('/').at(-1)!);
        writeFileSync(file, flow);
        expect(execFileSync(tool('actionlint')!, ['-no-color', file], { encoding: 'utf8' })).toBe('');
      }
  });

  it('FLOW-2: the head of a pull request is never checked out, and no text of it reaches a shell', async () => {
    for (const [path, text, flow] of workflows(await rendered(platform(TOKEN)))) {
      expect(text, path).not.toMatch(/head\.(sha|ref)|github\.head_ref|pull_request\.(title|body|head)/);
      for (const job of Object.values(flow.jobs))
        for (const step of job.steps) {
          if (step.uses?.startsWith('actions/checkout')) expect(step.with?.['ref']).toBeDefined();
          // Expressions inside a script would be its text: values go through the environment.
          if (step.run) expect(step.run).not.toContain('${{');
        }
    }
    const gate = (await rendered(platform(TOKEN))).get('github/workflows/sluice-gate.yml')!;
    expect(gate).toContain('pull_request_target:');
    expect(gate).not.toMatch(/^ {2}pull_request:/m);
    const { jobs } = parse(gate) as Workflow & { jobs: Record<string, { steps: { env?: object }[] }> };
    expect(JSON.stringify(jobs['merge-group'])).not.toContain('PROMETHEUS_TOKEN');
  });

  it('FLOW-5: the ruleset counts the check only from our App, and lets nobody by', async () => {
    const rules = JSON.parse((await rendered(platform(APP))).get('github/ruleset.json')!) as {
      bypass_actors: unknown[];
      rules: { type: string; parameters?: { required_status_checks?: object[] } }[];
    };
    expect(rules.bypass_actors).toEqual([]);
    const checks = rules.rules.find((r) => r.type === 'required_status_checks')!.parameters!
      .required_status_checks;
    expect(checks).toEqual([{ context: 'sluice/gate', integration_id: 4711 }]);
    expect(rules.rules.map((r) => r.type)).toContain('non_fast_forward');
  });

  it('FLOW-4: the action is one file, and the one that its sources make', async () => {
    const action = parse(readFileSync(join(ROOT, 'action.yml'), 'utf8')) as { runs: object };
    expect(action.runs).toEqual({ using: 'node24', main: 'action/index.mjs' });
    expect(
      (await bundleAction()) === readFileSync(join(ROOT, 'action/index.mjs'), 'utf8'),
      'npm run action',
    ).toBe(true);
  });
});

/** As much of Prometheus as one query needs: the budget, and calm burn rates. */
async function prometheusSaying(left: number): Promise<string> {
  const server = createServer((req, res) => {
    const at = Date.now() / 1_000;
    const one = (name: string, value: number) => ({
      metric: { __name__: name, slo: 'checkout-availability' },
      value: [at, String(value)],
    });
    const result = [
      one('slo:error_budget_remaining:ratio', left),
      one('slo:burn_rate_5m', 0.1),
      one('slo:burn_rate_1h', 0.1),
      one('slo:requests:increase_window', 100_000),
      one('slo:bad_requests:increase_window', Math.round(100 * (1 - left))),
      one('slo:error_budget_coverage:ratio', 1),
    ];
    res.setHeader('content-type', 'application/json');
    const known = req.headers.authorization === 'Bearer prometheus-secret';
    res.writeHead(known ? 200 : 401);
    res.end(JSON.stringify({ status: 'success', data: { resultType: 'vector', result } }));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', () => done()));
  closing.push(
    () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  );
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

interface Stage {
  readonly repository: TestRepository;
  readonly github: GithubFake;
  readonly work: string;
}

/** A repository as a user has it: the rendered workflow, the vendored action, the declaration. */
async function stage(prometheus: string): Promise<Stage> {
  const text = platform(TOKEN, prometheus);
  const files = await rendered(text);
  const repository = await bareRepository({
    'environments/stage/checkout.yaml': desired('1.1.0', 'b'),
    'environments/prod/checkout.yaml': desired('1.0.0', 'a'),
    'platform/platform.yaml': text,
    'platform/slos.yaml': SLOS,
    '.github/workflows/sluice-gate.yml': files.get('github/workflows/sluice-gate.yml')!,
  });
  const github = await startGithubFake(repository, 'sluice/gate');
  const work = join(dirname(repository.remote), 'checkout');
  await git(dirname(repository.remote), ['clone', '--quiet', repository.remote, work]);
  const action = join(work, '.github/actions/sluice-gate');
  mkdirSync(action, { recursive: true });
  for (const path of ['action.yml', 'action/index.mjs', 'policy/sluice.wasm', 'policy/sluice.json'])
    cpSync(join(ROOT, path), join(action, path));
  await git(work, ['add', '--all', '--force']);
  await git(work, [
    '-c',
    'user.name=d',
    '-c',
    'user.email=d@localhost',
    'commit',
    '--quiet',
    '-m',
    'The gate',
  ]);
  await git(work, ['push', '--quiet', 'origin', 'HEAD:main']);
  closing.push(
    () => github.close(),
    () => repository.close(),
  );
  return { repository, github, work };
}

/** Runs the workflow on this host, without an engine. */
function runAct(s: Stage, event: object): Promise<{ code: number; log: string }> {
  const file = join(dirname(s.repository.remote), 'event.json');
  writeFileSync(file, JSON.stringify(event));
  const home = mkdtempSync(join(tmpdir(), 'sluice-act-'));
  closing.push(() => rmSync(home, { recursive: true, force: true }));
  return new Promise((done) => {
    const child = spawn(
      tool('act')!,
      [
        'pull_request_target',
        '--eventpath',
        file,
        '--job',
        'gate',
        '--platform',
        'ubuntu-latest=-self-hosted',
        '--secret',
        'GITHUB_TOKEN=ghs_workflow',
        '--secret',
        'PROMETHEUS_TOKEN=prometheus-secret',
        '--env',
        `GITHUB_API_URL=${s.github.address}`,
      ],
      {
        cwd: s.work,
        env: {
          PATH: `${dirname(process.execPath)}:${process.env['PATH']}`,
          HOME: home,
          XDG_CACHE_HOME: join(home, 'cache'),
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    let log = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        log += chunk.toString();
      });
    child.once('exit', (code) => done({ code: code ?? -1, log }));
  });
}

describe.skipIf(!tool('act'))('the workflow, run by act', () => {
  const open = async (s: Stage, files: Record<string, string>) => {
    const head = await s.repository.push('change', files);
    const made = await fetch(`${s.github.address}/repos/acme/shop/pulls`, {
      method: 'POST',
      body: JSON.stringify({ title: 'A change', head: 'change', base: 'main' }),
    });
    const { number, base } = (await made.json()) as { number: number; base: { sha: string } };
    return {
      head,
      event: {
        action: 'opened',
        number,
        pull_request: { number, base: { sha: base.sha, ref: 'main' } },
        repository: { full_name: 'acme/shop' },
      },
    };
  };
  const release = { 'environments/prod/checkout.yaml': desired('1.1.0', 'b') };

  it('FLOW-3: a healthy budget: the job is green, the status is success, the comment is there', async () => {
    const s = await stage(await prometheusSaying(0.8));
    const { head, event } = await open(s, release);
    const { code, log } = await runAct(s, event);
    expect(code, log.slice(-3_000)).toBe(0);
    expect(log).toContain('Job succeeded');
    expect(s.github.states(head)['sluice/gate']).toBe('success');
    expect(s.github.comments(1)[0]).toContain('Allowed');
    expect(s.github.unexpected).toEqual([]);
  });

  it('FLOW-3: a spent budget: the job is red, the status is failure, with numbers; nothing of the head was run', async () => {
    const s = await stage(await prometheusSaying(-0.5));
    const { head, event } = await open(s, {
      ...release,
      '.github/actions/sluice-gate/action/index.mjs':
        "import { writeFileSync } from 'node:fs'; writeFileSync('/tmp/sluice-was-run', 'x');",
      'platform/platform.yaml': platform(
        TOKEN,
        'http://127.0.0.1:1',
        '  policy: { budget: { block: -9 } }\n',
      ),
    });
    const { code, log } = await runAct(s, event);
    expect(code, log.slice(-3_000)).not.toBe(0);
    expect(log).toContain('Job failed');
    expect(log).toContain('BUDGET_EXHAUSTED');
    expect(s.github.states(head)['sluice/gate']).toBe('failure');
    expect(s.github.comments(1)[0]).toMatch(/overspent by 50\.0%, 150 bad of 100000 requests/);
  });
});
