import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { npmPackage } from '../../scripts/package/npm.ts';
import { type Platform, singleFile, thisPlatform } from '../../scripts/package/single-file.ts';
import { until } from '../wait.ts';

/** The oldest Node that the package says it runs on. */
const OLDEST = '22.13.1';
const MB = 1_000_000;
const ROOT = join(import.meta.dirname, '../..');
const FACTS = join(ROOT, 'policy/samples');

const folder = mkdtempSync(join(tmpdir(), 'sluice-install-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A command line that was installed, in an empty folder, with nothing of ours in its environment. */
interface Installed {
  readonly command: readonly string[];
  readonly path: string;
  readonly home: string;
}

const run = promisify(execFile);

async function sluice(
  { command, path, home, env: more = {} }: Installed & { env?: Record<string, string> },
  ...args: string[]
) {
  const [program, ...before] = command as [string, ...string[]];
  const options = { cwd: home, env: { HOME: home, PATH: path, NO_COLOR: '1', ...more } };
  try {
    const { stdout, stderr } = await run(program, [...before, ...args], options);
    return { exit: 0, stdout, stderr };
  } catch (error) {
    const failed = error as { code: number; stdout: string; stderr: string };
    return { exit: failed.code, stdout: failed.stdout, stderr: failed.stderr };
  }
}

/** Bytes of every file below a folder. */
const sizeOf = (below: string): number =>
  globSync('**/*', { cwd: below })
    .map((name) => statSync(join(below, name)))
    .reduce((sum, stat) => sum + (stat.isFile() ? stat.size : 0), 0);

const emptyHome = (name: string): string => {
  const home = join(folder, name);
  mkdirSync(home);
  return home;
};

/** From nothing to a server that keeps a ledger, as a new user would. */
function usable(name: string, installed: () => Installed): void {
  describe(name, () => {
    it('PACK-2: it says its version and its commands', async () => {
      expect(await sluice(installed(), '--version')).toEqual({ exit: 0, stdout: '0.1.0\n', stderr: '' });
      expect((await sluice(installed(), '--help')).stdout).toContain('validate');
    });

    it('PACK-2: init, validate and render work, without a word about Node', async () => {
      for (const args of [
        ['init', 'my', '--example', 'shop'],
        ['validate', 'my'],
        ['render', 'my', '--out', 'rendered'],
      ]) {
        const { exit, stderr } = await sluice(installed(), ...args);
        expect(exit).toBe(0);
        // Notes are about the declaration; anything else there would be about Node.
        expect(stderr.replace(/^note .*\n/gm, '')).toBe('');
      }
      expect(existsSync(join(installed().home, 'rendered/prod/prometheus/rules.yml'))).toBe(true);
    });

    it('PACK-2: the gate decides by the policy that is inside', async () => {
      const sample = readdirSync(FACTS).find((file) => file.endsWith('.json'))!;
      const facts = join(FACTS, sample);
      const answer = await sluice(installed(), 'gate', '--input', facts, '--json');
      expect([0, 1]).toContain(answer.exit);
      expect(JSON.parse(answer.stdout)).toMatchObject({ allow: expect.any(Boolean) });
    });

    it('PACK-3: a server runs its services, reads its ledger in a thread and shows the console', async () => {
      const { command, path, home } = installed();
      const [program, ...before] = command as [string, ...string[]];
      const work = join(home, 'work');
      const server = spawn(program, [...before, 'serve', 'my', '--work', work, '--port', '0'], {
        cwd: home,
        env: { HOME: home, PATH: `${path}:/usr/bin:/bin:/usr/sbin` },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      const said: string[] = [];
      server.stderr.on('data', (chunk: Buffer) => said.push(chunk.toString()));
      try {
        const url = await until('the server', 20_000, () => {
          if (server.exitCode !== null) throw new Error(said.join(''));
          const file = join(work, 'serve.json');
          return existsSync(file) && (JSON.parse(readFileSync(file, 'utf8')) as { url: string }).url;
        });
        await until('a version that serves', 30_000, async () => {
          const answer = await fetch(`${url}/api/v1/overview`);
          const { lanes } = (await answer.json()) as { lanes: { canary: string | null }[] };
          return lanes.some((lane) => lane.canary === '1.0.0');
        });
        const { records } = (await (await fetch(`${url}/api/v1/ledger?limit=2`)).json()) as { records: [] };
        expect(records).toHaveLength(2);
        expect(await (await fetch(url)).text()).toContain('<div id="root"');
        const { token } = JSON.parse(readFileSync(join(work, 'serve.json'), 'utf8')) as { token: string };
        const env = { SLUICE_SERVER: url, SLUICE_TOKEN: token };
        const status = await sluice({ ...installed(), env }, 'status');
        expect(status).toMatchObject({ exit: 0, stdout: expect.stringContaining('checkout'), stderr: '' });
        const freeze = ['freeze', 'on', 'prod', '--until', '1h', '--reason', 'tried here', '--json'];
        expect(await sluice({ ...installed(), env }, ...freeze)).toMatchObject({ exit: 0, stderr: '' });
        expect(said.join('')).not.toMatch(/warning|experimental/i);
      } finally {
        server.kill('SIGTERM');
        if (server.exitCode === null) await once(server, 'exit');
      }
    });
  });
}

describe('the npm package', () => {
  let installed: Installed;
  let packed: string;
  const home = emptyHome('npm');
  beforeAll(async () => {
    packed = await npmPackage(join(folder, 'out'));
    const tools = join(folder, 'tools');
    mkdirSync(tools);
    const npm = (...args: string[]) =>
      execFileSync('npm', [...args, '--no-audit', '--no-fund', '--ignore-scripts'], {
        cwd: tools,
        stdio: 'pipe',
      });
    writeFileSync(join(tools, 'package.json'), '{}');
    npm('install', `node-${thisPlatform}@${OLDEST}`);
    npm('install', '--global', '--prefix', join(folder, 'global'), packed);
    const bin = join(tools, 'node_modules', `node-${thisPlatform}`, 'bin');
    installed = { command: [join(folder, 'global/bin/sluice')], path: `${bin}:/usr/bin:/bin`, home };
  });

  it('PACK-1: at most 6 MB packed and 25 MB installed, no dependency, no script, no TypeScript', () => {
    const root = join(folder, 'global/lib/node_modules/sluice');
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, unknown>;
    expect(statSync(packed).size).toBeLessThan(6 * MB);
    expect(sizeOf(root)).toBeLessThan(25 * MB);
    expect(Object.keys(manifest)).not.toEqual(expect.arrayContaining(['dependencies']));
    expect(manifest['scripts']).toBeUndefined();
    expect(globSync('**/*.{ts,tsx}', { cwd: root })).toEqual([]);
    expect(readdirSync(join(root, '..'))).toEqual(['sluice']);
  });

  usable(`under Node ${OLDEST}`, () => installed);
});

describe('the single file', () => {
  let installed: Installed;
  const home = emptyHome('single');
  beforeAll(async () => {
    const file = await singleFile(join(folder, 'out'), thisPlatform as Platform);
    cpSync(file, join(home, 'sluice'));
    installed = { command: [join(home, 'sluice')], path: '/nowhere', home };
  });

  usable('in an empty folder, without Node', () => installed);

  it('PACK-4: what others may write is not run', async () => {
    const cache = join(home, 'shared');
    mkdirSync(join(cache, 'sluice'), { recursive: true });
    chmodSync(join(cache, 'sluice'), 0o777);
    const [program] = installed.command as [string];
    const env = { HOME: home, PATH: '/nowhere', XDG_CACHE_HOME: cache, TMPDIR: cache };
    const { stdout } = await run(program, ['--version'], { cwd: home, env });
    expect(stdout).toBe('0.1.0\n');
    expect(readdirSync(join(cache, 'sluice'))).toEqual([]);
  });
});
