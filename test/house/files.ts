import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SourceFile } from './syntax.ts';

/** Every ending of a file that Node or the console runs, and those of declarations. */
export const ENDINGS = '{ts,tsx,mts,cts,js,jsx,mjs,cjs}';
export const TESTS = /\.test\.[cm]?[jt]sx?$/;

/** The sources in a folder, by their paths below it, whatever their ending; tests are none. */
export const sourcesIn = (folder: string): SourceFile[] =>
  globSync(`**/*.${ENDINGS}`, { cwd: folder })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => !TESTS.test(file))
    .sort()
    .map((file) => ({ file, text: readFileSync(join(folder, file), 'utf8') }));
