import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { toolFolder, toolPath } from '../../scripts/tools.mjs';
import { freePort } from '../../src/io/ports.ts';
import { until } from '../wait.ts';

/** A real Gitea on a free port, in a folder of its own, as a user that is not root. */
export interface Gitea {
  readonly address: string;
  readonly home: string;
  token(user: string): string;
  api<T>(method: string, path: string, body?: object): Promise<T>;
  /** Somebody else, who may write to a repository: what they ask goes by their own token. */
  stranger(login: string, repository: string): Promise<Gitea['api']>;
  stop(): Promise<void>;
}

const ADMIN = 'founder';
const PASSWORD = 'correct-horse-battery';

/** Gitea refuses to run as root: then it runs as nobody, in a folder that nobody owns. */
const asRoot = process.getuid?.() === 0;
const NOBODY = asRoot
  ? {
      uid: Number(execFileSync('id', ['-u', 'nobody'], { encoding: 'utf8' })),
      gid: Number(execFileSync('id', ['-g', 'nobody'], { encoding: 'utf8' })),
    }
  : {};

/** `host`: where it listens, and `hooks` whom it may tell. */
export async function startGitea(host = '127.0.0.1', hooks = 'loopback'): Promise<Gitea> {
  const home = mkdtempSync(join(tmpdir(), 'sluice-gitea-'));
  const port = await freePort();
  const address = `http://${host}:${port}`;
  const bin = join(home, 'gitea');
  cpSync(toolPath('gitea'), bin);
  chmodSync(bin, 0o755);
  for (const folder of ['templates', 'options', 'public'])
    cpSync(join(toolFolder('gitea'), folder), join(home, 'static', folder), { recursive: true });
  mkdirSync(join(home, 'data'), { recursive: true });
  const config = join(home, 'app.ini');
  writeFileSync(
    config,
    `APP_NAME = test
RUN_MODE = prod
WORK_PATH = ${home}/data
[server]
PROTOCOL = http
HTTP_ADDR = ${host}
HTTP_PORT = ${port}
ROOT_URL = ${address}/
STATIC_ROOT_PATH = ${home}/static
OFFLINE_MODE = true
DISABLE_SSH = true
[database]
DB_TYPE = sqlite3
PATH = ${home}/data/gitea.db
[security]
INSTALL_LOCK = true
[webhook]
ALLOWED_HOST_LIST = ${hooks}
[log]
LEVEL = error
MODE = file
ROOT_PATH = ${home}/data/log
[repository]
DEFAULT_BRANCH = main
ROOT = ${home}/data/repositories
[service]
DISABLE_REGISTRATION = true
`,
  );
  if (asRoot) execFileSync('chown', ['-R', `${NOBODY.uid}:${NOBODY.gid}`, home]);
  const env = {
    PATH: process.env['PATH'],
    HOME: join(home, 'data'),
    USER: 'nobody',
    GITEA_WORK_DIR: join(home, 'data'),
  };
  const run = (...args: string[]) =>
    execFileSync(bin, ['--config', config, ...args], { env, encoding: 'utf8', cwd: home, ...NOBODY });
  run('migrate');
  run(
    'admin',
    'user',
    'create',
    '--admin',
    '--username',
    ADMIN,
    '--password',
    PASSWORD,
    '--email',
    'founder@localhost',
    '--must-change-password=false',
  );
  const token = run(
    'admin',
    'user',
    'generate-access-token',
    '--username',
    ADMIN,
    '--scopes',
    'all',
    '--raw',
  ).trim();
  const child: ChildProcess = spawn(bin, ['--config', config, 'web'], {
    env: env as NodeJS.ProcessEnv,
    stdio: 'ignore',
    cwd: home,
    ...NOBODY,
  });
  await until('Gitea', 60_000, async () => (await request(`${address}/api/healthz`)).statusCode === 200);
  const by =
    (whose: string): Gitea['api'] =>
    async (method, path, body) => {
      const answer = await request(`${address}/api/v1${path}`, {
        method: method as 'GET',
        headers: { authorization: `token ${whose}`, ...(body ? { 'content-type': 'application/json' } : {}) },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      const text = await answer.body.text();
      if (answer.statusCode >= 300) throw new Error(`${method} ${path}: ${answer.statusCode} ${text}`);
      return (text ? JSON.parse(text) : null) as never;
    };
  const gitea: Gitea = {
    address,
    home,
    token: () => token,
    api: by(token),
    async stranger(login, name) {
      const password = `${PASSWORD}-too`;
      const person = {
        username: login,
        email: `${login}@example.org`,
        password,
        must_change_password: false,
      };
      await gitea.api('POST', '/admin/users', person);
      await gitea.api('PUT', `/repos/${OWNER}/${name}/collaborators/${login}`, { permission: 'write' });
      const args = ['--username', login, '--scopes', 'all', '--raw'];
      return by(run('admin', 'user', 'generate-access-token', ...args).trim());
    },
    stop: () =>
      new Promise((done) => {
        child.once('exit', () => {
          rmSync(home, { recursive: true, force: true });
          done();
        });
        child.kill('SIGTERM');
      }),
  };
  return gitea;
}

export const OWNER = ADMIN;

/** A repository with its base branch protected by the check, and a way to push to it. */
export async function giteaRepository(
  gitea: Gitea,
  name: string,
  files: Readonly<Record<string, string>>,
  check: string,
) {
  await gitea.api('POST', '/user/repos', { name, auto_init: false, default_branch: 'main', private: true });
  await gitea.api('POST', `/repos/${OWNER}/${name}/contents`, {
    branch: 'main',
    new_branch: 'main',
    message: 'Begin',
    files: Object.entries(files).map(([path, text]) => ({
      operation: 'create',
      path,
      content: Buffer.from(text).toString('base64'),
    })),
  });
  await gitea.api('POST', `/repos/${OWNER}/${name}/branch_protections`, {
    branch_name: 'main',
    rule_name: 'main',
    enable_push: false,
    enable_status_check: true,
    status_check_contexts: [check],
  });
  const url = new URL(gitea.address);
  return `http://${OWNER}:${gitea.token(OWNER)}@${url.host}/${OWNER}/${name}.git`;
}

/** A server of this machine that takes a repository's webhooks, and registers itself for them. */
export async function takeHooks(
  gitea: Gitea,
  name: string,
  secret: string,
  take: (headers: Record<string, string>, body: string) => boolean,
): Promise<{ close(): Promise<void> }> {
  const hooks = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      const headers = Object.fromEntries(Object.entries(req.headers).map(([k, v]) => [k, String(v)]));
      res.writeHead(take(headers, Buffer.concat(chunks).toString('utf8')) ? 200 : 401).end();
    });
  });
  await new Promise<void>((done) => hooks.listen(0, '127.0.0.1', () => done()));
  await gitea.api('POST', `/repos/${OWNER}/${name}/hooks`, {
    type: 'gitea',
    active: true,
    events: ['pull_request', 'pull_request_sync', 'pull_request_label', 'push', 'status'],
    config: {
      url: `http://127.0.0.1:${(hooks.address() as AddressInfo).port}/webhooks/gitea`,
      content_type: 'json',
      secret,
    },
  });
  return {
    async close() {
      hooks.closeAllConnections();
      await new Promise((done) => hooks.close(done));
    },
  };
}
