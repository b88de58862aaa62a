import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { releaseWorkflow } from '../../scripts/package/workflow.ts';
import { temporaryFolder } from '../folder.ts';
import { matchGolden } from '../golden/golden.ts';
import { tool } from '../tools.ts';

const ROOT = join(import.meta.dirname, '../..');
const [path, text] = releaseWorkflow();
interface Job {
  readonly permissions: Readonly<Record<string, string>>;
  readonly steps: readonly { readonly uses?: string; readonly run?: string }[];
}
const { jobs, permissions } = parse(text) as { jobs: Record<string, Job>; permissions: object };
const steps = Object.values(jobs).flatMap((job) => job.steps);

/** A repository with the workflow and the files that name the version. */
function repository(): string {
  const folder = temporaryFolder('release-flow');
  for (const file of [
    path,
    'package.json',
    'src/main.ts',
    'CHANGELOG.md',
    'charts/sluice/Chart.yaml',
    'charts/service/Chart.yaml',
    'scripts/package/version.mjs',
  ]) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(ROOT, file), join(folder, file));
  }
  const git = (...args: string[]) => execFileSync('git', args, { cwd: folder });
  git('init', '--quiet', '--initial-branch', 'main');
  git('add', '--all');
  git('-c', 'user.name=d', '-c', 'user.email=d@localhost', 'commit', '--quiet', '--message', 'All of it');
  return folder;
}

/** A Node whose errors are kept in a file: act does not wait for the last output of a step that fails. */
function nodeThatKeeps(errors: string): string {
  const bin = temporaryFolder('act-node');
  writeFileSync(join(bin, 'node'), `#!/bin/sh\nexec '${process.execPath}' "$@" 2>>'${errors}'\n`, {
    mode: 0o755,
  });
  return bin;
}

/** Runs the first job for a tag, on this host, without an engine. */
function act(tag: string): { status: number | null; log: string } {
  const folder = repository();
  const home = temporaryFolder('act');
  const errors = join(home, 'errors');
  writeFileSync(errors, '');
  execFileSync('git', ['tag', tag], { cwd: folder });
  writeFileSync(join(home, 'event.json'), JSON.stringify({ ref: `refs/tags/${tag}` }));
  const { status, stdout, stderr } = spawnSync(
    tool('act')!,
    [
      'push',
      '--eventpath',
      join(home, 'event.json'),
      '--job',
      'version',
      '--platform',
      'ubuntu-24.04=-self-hosted',
    ],
    {
      cwd: folder,
      encoding: 'utf8',
      env: {
        PATH: `${nodeThatKeeps(errors)}:${process.env['PATH']}`,
        HOME: home,
        XDG_CACHE_HOME: join(home, 'cache'),
      },
    },
  );
  return { status, log: stdout + stderr + readFileSync(errors, 'utf8') };
}

describe('the workflow that releases', () => {
  it('PACK-7: the committed one is the one that is rendered', () => matchGolden(join(ROOT, path), text));

  it('PACK-7: actions are pinned by commit, and jobs have the least rights', () => {
    expect(permissions).toEqual({});
    for (const { uses } of steps) if (uses) expect(uses).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
    expect(Object.entries(jobs).map(([name, job]) => [name, job.permissions])).toEqual([
      ['version', { contents: 'read' }],
      ['build', { contents: 'read' }],
      ['publish', { contents: 'write', 'id-token': 'write' }],
    ]);
  });

  it('PACK-7: no expression is text of a script, and every script can be read', () => {
    for (const { run } of steps) {
      if (!run) continue;
      expect(run).not.toContain('${{');
      expect(spawnSync('bash', ['-n'], { input: run, encoding: 'utf8' }).stderr).toBe('');
    }
  });

  it.skipIf(!tool('actionlint'))('PACK-7: actionlint has nothing to say', () => {
    const { stdout } = spawnSync(tool('actionlint')!, ['-no-color', join(ROOT, path)], { encoding: 'utf8' });
    expect(stdout).toBe('');
  });

  it.skipIf(!tool('act'))('PACK-7: run by act, a tag that the files name passes', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    const { status, log } = act(`v${version}`);
    expect(status, log.slice(-3_000)).toBe(0);
    expect(log).toContain('Job succeeded');
  });

  it.skipIf(!tool('act'))('PACK-7: run by act, another tag fails and says what to write', () => {
    const { status, log } = act('v9.9.9');
    expect(status, log.slice(-3_000)).not.toBe(0);
    expect(log).toContain('write 9.9.9 there');
  });
});
