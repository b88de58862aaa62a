import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../folder.ts';
import { tool } from '../tools.ts';
import { fencesOf, pageFiles } from './pages.ts';

const modules = pageFiles()
  .flatMap((file) => fencesOf(file))
  .filter(({ language }) => language === 'rego');

describe.skipIf(!tool('opa'))('Rego in the documentation', () => {
  it.each(modules)('SITE-13: $file, line $line: OPA compiles it', ({ text }) => {
    const file = join(temporaryFolder('rego'), 'page.rego');
    writeFileSync(file, text);
    expect(spawnSync(tool('opa')!, ['check', '--strict', file], { encoding: 'utf8' })).toMatchObject({
      status: 0,
      stderr: '',
    });
  });
});
