import { cpSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BundleOptions, bundle, ENTRIES } from '../bundle.ts';

export const ROOT = join(import.meta.dirname, '../..');

interface Described {
  readonly version: string;
  readonly description: string;
  readonly license: string;
}
export const described = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Described;

/** The example's services and the generator of load are started as processes of their own, by the file's path. */
const PROGRAMS = { 'shop/service.ts': 'shop', 'src/gitops/adapters/load-test/generate.ts': 'dist' } as const;

/** Documents name the example's program as it lies in a checkout. */
function namesBundles(folder: string): void {
  for (const file of globSync('**/*.yaml', { cwd: folder }).map((name) => join(folder, name))) {
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replaceAll('{root}/shop/service.ts', '{root}/shop/service.mjs'));
  }
}

/** Everything that an installed Sluice consists of, in a folder: no package beside it, no TypeScript in it. */
export async function layOut(folder: string, options: BundleOptions): Promise<void> {
  await bundle(ENTRIES, join(folder, 'dist'), options);
  for (const [file, into] of Object.entries(PROGRAMS)) await bundle([file], join(folder, into), options);
  for (const name of ['policy', 'examples', 'schema', 'console/dist'])
    cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  namesBundles(join(folder, 'examples'));
  for (const name of ['LICENSE', 'CHANGELOG.md', 'README.md']) cpSync(join(ROOT, name), join(folder, name));
}
