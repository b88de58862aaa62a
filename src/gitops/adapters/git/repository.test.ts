import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../../test/folder.ts';
import { gitDesired } from './desired.ts';
import { openRepository } from './repository.ts';

const LANES = [{ service: 'books', environment: 'prod', branch: 'main' }];
const lanesIn = async (directory: string) => (await gitDesired(directory, LANES).read())?.lanes;

describe('a desired-state repository of this machine', () => {
  it('FOLLOWED-5: made, it asks for nothing, and can be read', async () => {
    const directory = join(temporaryFolder('desired'), 'repository');
    await openRepository(directory, ['main']);
    expect(await lanesIn(directory)).toEqual(new Map());
  });

  it('FOLLOWED-5: made before without a commit, it can be read from now on, and takes no file of others', async () => {
    const directory = temporaryFolder('desired');
    execFileSync('git', ['init', '--quiet', '--initial-branch', 'main'], { cwd: directory });
    execFileSync('touch', ['notes.txt'], { cwd: directory });
    expect(await lanesIn(directory)).toBeUndefined();
    await openRepository(directory, ['main']);
    expect(await lanesIn(directory)).toEqual(new Map());
    expect(execFileSync('git', ['ls-files'], { cwd: directory, encoding: 'utf8' })).toBe('');
    await openRepository(directory, ['main']);
    const log = execFileSync('git', ['log', '--oneline'], { cwd: directory, encoding: 'utf8' });
    expect(log.trim().split('\n')).toHaveLength(1);
  });
});
