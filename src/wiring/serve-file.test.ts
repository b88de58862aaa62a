import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../test/folder.ts';
import { removeServeFile, writeServeFile } from './serve-file.ts';

const MINE = 'http://127.0.0.1:7117';
const served = (url: string) => ({
  pid: 1,
  url,
  token: 'sluice_x',
  startedAt: 1,
  repository: '',
  edges: {},
  prometheus: {},
});

describe('what a server leaves in its folder', () => {
  it('APP-6: a file that names its address is removed, one of another server stays', () => {
    const work = temporaryFolder('work');
    const there = () => existsSync(join(work, 'serve.json'));
    removeServeFile(work, MINE);
    writeServeFile(work, served('http://127.0.0.1:7118'));
    removeServeFile(work, MINE);
    expect(there()).toBe(true);
    writeServeFile(work, served(MINE));
    removeServeFile(work, MINE);
    expect(there()).toBe(false);
  });

  it('APP-6: a file that is no such file stays, and stops nobody', () => {
    const work = temporaryFolder('work');
    writeFileSync(join(work, 'serve.json'), '{');
    expect(() => removeServeFile(work, MINE)).not.toThrow();
    expect(existsSync(join(work, 'serve.json'))).toBe(true);
  });
});
