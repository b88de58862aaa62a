import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../folder.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');

/** What a run leaves in a cache whose folder has these rights. */
function leftIn(rights: number): string[] {
  const cache = temporaryFolder('compiled');
  const folder = join(cache, 'sluice');
  mkdirSync(folder);
  chmodSync(folder, rights);
  const env = { ...process.env, XDG_CACHE_HOME: cache, NODE_COMPILE_CACHE: undefined };
  const { status, stderr } = spawnSync(process.execPath, [MAIN, '--version'], { env, encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  return readdirSync(folder);
}

describe('what is compiled and kept for later runs', () => {
  it('PACK-4: it is kept in a folder of this user alone', () => expect(leftIn(0o700)).toEqual(['compiled']));

  it.each([0o777, 0o770])('PACK-4: nothing is kept where others may write (%i)', (rights) =>
    expect(leftIn(rights)).toEqual([]),
  );
});
