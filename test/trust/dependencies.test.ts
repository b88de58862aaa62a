import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const text = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

/** Packages that bring a program to run when they are installed, and why nothing needs it. */
const SCRIPTS: Readonly<Record<string, string>> = {
  '@scarf/scarf': 'tells its makers that it was installed; the mock server of the tests brings it',
  esbuild: 'puts its binary in place of a script that finds it anyway; the documentation site uses it',
};

interface Lock {
  readonly packages: Readonly<
    Record<
      string,
      { readonly hasInstallScript?: boolean; readonly dev?: boolean; readonly integrity?: string }
    >
  >;
}
const lockOf = (folder: string): Lock => JSON.parse(text(join(folder, 'package-lock.json'))) as Lock;
const nameOf = (path: string): string => path.split('node_modules/').at(-1)!;

describe('packages that are installed', () => {
  it.each(['', 'docs'])('TRUST-4: none runs a program of its own: npm is told so in "%s"', (folder) => {
    expect(text(join(folder, '.npmrc')).split('\n')).toContain('ignore-scripts=true');
    const scripts = Object.entries(lockOf(folder).packages)
      .filter(([, one]) => one.hasInstallScript)
      .map(([path]) => nameOf(path));
    for (const name of scripts)
      expect(SCRIPTS, `${name} runs a script: say why nothing needs it`).toHaveProperty([name]);
  });

  it('TRUST-4: no production package brings such a program', () => {
    const production = Object.entries(lockOf('').packages).filter(([path, one]) => path !== '' && !one.dev);
    expect(production.length).toBeGreaterThan(50);
    expect(production.filter(([, one]) => one.hasInstallScript)).toEqual([]);
  });

  it('TRUST-4: whatever the environment says, set-up and releases install without scripts', () => {
    const installers = [
      'scripts/setup.mjs',
      'scripts/package/single-file.ts',
      'test/package/install.test.ts',
    ];
    for (const file of installers) {
      // Wherever npm is called to install, `--no-audit` is among its words, and this one must be as well.
      const count = (flag: string) => text(file).split(`'${flag}'`).length - 1;
      expect(count('--no-audit'), file).toBeGreaterThan(0);
      expect(count('--ignore-scripts'), file).toBe(count('--no-audit'));
    }
    expect(text('Dockerfile')).not.toMatch(/npm (ci|install|i)\b/);
  });

  it.each(['', 'docs'])('TRUST-4: every package of "%s" is the one that was locked', (folder) => {
    const without = Object.entries(lockOf(folder).packages)
      .filter(([path, one]) => path !== '' && one.integrity === undefined)
      .map(([path]) => path);
    expect(without).toEqual([]);
  });
});
