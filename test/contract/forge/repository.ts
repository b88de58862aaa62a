import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { git } from '../../../src/gitops/adapters/git/program.ts';

export const WHO = ['-c', 'user.name=developer', '-c', 'user.email=developer@localhost'];

export interface TestRepository {
  /** The bare repository, or where else branches are pushed to. */
  readonly remote: string;
  /** Commits files on a branch that begins at the base branch, and pushes it. Null removes a file. Gives the commit. */
  push(branch: string, files: Readonly<Record<string, string | null>>, from?: string): Promise<string>;
  /** Merges what is on main now into a commit, adds files, and pushes that as the branch. */
  merge(branch: string, onto: string, files: Readonly<Record<string, string>>): Promise<string>;
  /** Commits symbolic links, by their paths, on a branch that begins at the base branch, and pushes it. Gives the commit. */
  link(branch: string, links: Readonly<Record<string, string>>): Promise<string>;
  /** The branch is gone. */
  remove(branch: string): Promise<void>;
  close(): void;
}

/** A developer's clone of a remote, in a folder of its own. */
export async function cloneOf(remote: string, home: string): Promise<TestRepository> {
  const work = join(home, 'clone');
  await git(home, ['clone', '--quiet', remote, work]);
  const clone: TestRepository = {
    remote,
    async push(branch, files, from = 'origin/main') {
      await git(work, ['fetch', '--quiet', 'origin']);
      await git(work, ['checkout', '--quiet', '-B', branch, from]);
      for (const [path, text] of Object.entries(files)) {
        const file = join(work, path);
        if (text === null) await git(work, ['rm', '--quiet', path]);
        else {
          mkdirSync(dirname(file), { recursive: true });
          writeFileSync(file, text);
        }
      }
      await git(work, ['add', '--all']);
      await git(work, [...WHO, 'commit', '--quiet', '--allow-empty', '-m', `Change ${branch}`]);
      await git(work, ['push', '--quiet', '--force', 'origin', `HEAD:refs/heads/${branch}`]);
      return (await git(work, ['rev-parse', 'HEAD'])).trim();
    },
    async link(branch, links) {
      await git(work, ['fetch', '--quiet', 'origin']);
      await git(work, ['checkout', '--quiet', '-B', branch, 'origin/main']);
      for (const [path, target] of Object.entries(links)) {
        rmSync(join(work, path), { recursive: true, force: true });
        mkdirSync(dirname(join(work, path)), { recursive: true });
        symlinkSync(target, join(work, path));
      }
      return clone.push(branch, {}, 'HEAD');
    },
    async merge(branch, onto, files) {
      await git(work, ['fetch', '--quiet', 'origin']);
      await git(work, ['checkout', '--quiet', '-B', branch, onto]);
      await git(work, [
        ...WHO,
        'merge',
        '--quiet',
        '--no-ff',
        '-m',
        `Merge main into ${branch}`,
        'origin/main',
      ]);
      return clone.push(branch, files, 'HEAD');
    },
    remove: async (branch) => void (await git(work, ['push', '--quiet', 'origin', `:refs/heads/${branch}`])),
    close: () => rmSync(home, { recursive: true, force: true }),
  };
  return clone;
}

/** A bare repository with one commit on main, and a clone of it. */
export async function bareRepository(files: Readonly<Record<string, string>>): Promise<TestRepository> {
  const home = mkdtempSync(join(tmpdir(), 'sluice-forge-'));
  const seed = join(home, 'seed');
  mkdirSync(seed);
  await git(seed, ['init', '--quiet', '--initial-branch', 'main']);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(seed, path)), { recursive: true });
    writeFileSync(join(seed, path), text);
  }
  await git(seed, ['add', '--all']);
  await git(seed, [...WHO, 'commit', '--quiet', '-m', 'What runs today']);
  const remote = join(home, 'bare.git');
  await git(home, ['clone', '--quiet', '--bare', seed, remote]);
  if (!existsSync(join(remote, 'HEAD'))) throw new Error('no bare repository');
  return cloneOf(remote, home);
}
