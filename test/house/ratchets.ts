import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ENDINGS, TESTS } from './files.ts';
import { type Findings, longFiles, longFunctions, unusedExports } from './sizes.ts';
import type { SourceFile } from './syntax.ts';

const ROOT = join(import.meta.dirname, '../..');
const LIST = join(import.meta.dirname, 'ratchets.json');

/** What is still too large or of no use, by kind. */
export interface Kept {
  /** Files above 400 lines, with their lines. */
  readonly files: Findings;
  /** Functions above 70 lines, by file and name, with their lines. */
  readonly functions: Findings;
  /** Exports that nothing imports, by file and name. */
  readonly exports: readonly string[];
}

/** Everything that may import something; what is too large among tests is let be. */
const EVERYTHING = [
  `{src,console/src,shop,scripts,action,bench,test}/**/*.${ENDINGS}`,
  `*.${ENDINGS}`,
  `console/*.${ENDINGS}`,
];
const SOURCES = /^(src|console\/src|shop|scripts|action)\//;
/** What a tool wrote. */
const GENERATED = ['action/index.mjs'];
/** Types of a script beside it: what the script exports is looked at in the script. */
const DECLARATION = /\.d\.[cm]?ts$/;

/** Sources, and everything that may import them. */
export function sourceFiles(root = ROOT): {
  readonly sources: SourceFile[];
  readonly everything: SourceFile[];
} {
  const everything = globSync(EVERYTHING, {
    cwd: root,
    exclude: (name) => name === 'node_modules' || name === 'dist',
  })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => !GENERATED.includes(file))
    .sort()
    .map((file) => ({ file, text: readFileSync(join(root, file), 'utf8') }));
  const scripts = new Set(everything.map(({ file }) => file));
  const describes = (file: string): boolean =>
    DECLARATION.test(file) && scripts.has(file.replace(/\.d\.([cm]?)ts$/, '.$1js'));
  const sources = everything.filter(
    ({ file }) => SOURCES.test(file) && !TESTS.test(file) && !describes(file),
  );
  return { sources, everything };
}

/** What there is now. */
export function measured(): Kept {
  const { sources, everything } = sourceFiles();
  return {
    files: longFiles(sources),
    functions: longFunctions(sources),
    exports: Object.keys(unusedExports(sources, everything)),
  };
}

export const keptList = (): Kept => JSON.parse(readFileSync(LIST, 'utf8')) as Kept;

/** A list as it may be at the most from here on: smaller than it was wherever there is less now, and never larger. */
export function shrunk(kept: Findings, found: Findings): Findings {
  const still = Object.entries(kept).filter(([name]) => found[name] !== undefined);
  return Object.fromEntries(still.map(([name, size]) => [name, Math.min(size, found[name]!)]));
}

/** Each name once, so that lists of names are findings, too. */
export const asFindings = (names: readonly string[]): Findings =>
  Object.fromEntries(names.map((name) => [name, 1]));

/** `node test/house/ratchets.ts` writes the list anew, no longer than it was. */
function main(): void {
  const [kept, found] = [keptList(), measured()];
  const list: Kept = {
    files: shrunk(kept.files, found.files),
    functions: shrunk(kept.functions, found.functions),
    exports: Object.keys(shrunk(asFindings(kept.exports), asFindings(found.exports))),
  };
  writeFileSync(LIST, `${JSON.stringify(list, null, 2)}\n`);
}

if (import.meta.main) main();
