import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, relative, resolve } from 'node:path';
import type { SourceFile } from '../declaration/documents.ts';
import type { Outcome, Reading, Skipped } from '../declaration/import/reading.ts';
import { byPlace, type Problem, problemLine } from '../kit/problem.ts';
import { messageOf } from '../kit/result.ts';
import { CliError, EXIT, type Io, palette, table } from './io.ts';

/** A manifest says what it is near its beginning; a List says that it is one. */
const HEAD = 4_096;

/** JSON is read where it is a manifest, as kubectl and Jsonnet write it: others are no business of ours. */
const MANIFEST = /"apiVersion"\s*:|"version"\s*:\s*"prometheus\//;
const isManifest = (path: string, text: string): boolean =>
  !path.endsWith('.json') || (!/(^|\/)node_modules\//.test(path) && MANIFEST.test(text.slice(0, HEAD)));

/** What a folder holds, links followed; each real folder is entered once, so that links in a circle end. */
function filesBelow(folder: string, entered: Set<string>): string[] {
  const real = realpathSync(folder);
  if (entered.has(real)) return [];
  entered.add(real);
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const path = join(folder, name);
      // A link to nothing is named where it is read.
      const found = statSync(path, { throwIfNoEntry: false });
      if (found?.isDirectory()) return filesBelow(path, entered);
      return /\.(ya?ml|json)$/.test(name) && (found?.isFile() ?? true) ? [path] : [];
    });
}

/** A file that is named is meant; in a folder others may be. */
interface Candidate {
  readonly path: string;
  readonly isNamed: boolean;
}

const candidatesAt = (root: string): Candidate[] =>
  statSync(root).isDirectory()
    ? filesBelow(root, new Set()).map((path) => ({ path, isNamed: false }))
    : [{ path: root, isNamed: true }];

/** The text of a manifest. Where it is none, or cannot be read, nothing is brought over of what it might have said. */
function textOf({ path, isNamed }: Candidate, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readFileSync(path));
  } catch (thrown) {
    const isForeign = thrown instanceof TypeError;
    // Other JSON of a folder is no business of ours, whatever it holds.
    if (isForeign && !isNamed && path.endsWith('.json')) return '';
    throw new CliError(EXIT.usage, {
      code: isForeign ? 'NOT_UTF8' : 'NOT_READABLE',
      message: isForeign ? `${file} is not UTF-8` : `${file} cannot be read: ${messageOf(thrown)}`,
      file,
      next: isForeign ? 'save it as UTF-8' : 'remove it, or give the other files by name',
    });
  }
}

/** Every manifest of these folders and files, each once, by the name under which people know it. */
export function readSources(io: Io, places: readonly string[], whose: string): SourceFile[] {
  const found = places.flatMap((where) => {
    const root = resolve(io.cwd, where);
    if (!existsSync(root))
      throw new CliError(EXIT.usage, {
        code: 'NO_SUCH_FOLDER',
        message: `${where} does not exist`,
        next: `give the folder of your ${whose}`,
      });
    return candidatesAt(root);
  });
  return [...new Map(found.map((one) => [one.path, one])).values()].flatMap(({ path, isNamed }) => {
    const short = relative(io.cwd, path);
    const file = short.startsWith('..') ? path : short;
    const text = textOf({ path, isNamed }, file);
    return isNamed || isManifest(path, text) ? [{ file, text }] : [];
  });
}

/** Writes what was brought over, all of it or nothing. What is there is never written over. */
export function writeNew(io: Io, said: string, texts: ReadonlyMap<string, string>): void {
  const out = resolve(io.cwd, said);
  const taken = [...texts.keys()].filter((path) => existsSync(join(out, path)));
  if (taken.length > 0)
    throw new CliError(EXIT.usage, {
      code: 'FILE_EXISTS',
      message: `nothing was written: ${taken.join(', ')} in ${said} would be overwritten`,
      next: 'choose another folder with --out',
    });
  if (texts.size > 0) mkdirSync(out, { recursive: true });
  for (const [path, text] of texts) writeFileSync(join(out, path), text);
}

/** The report as data: one entry an SLO, every reason for a refusal at its line, every document left where it is. */
export const reportOf = ({ brought, refused, problems, skipped }: Reading) => ({
  slos: [...brought, ...refused].map(
    ({ file, line, document, slo, as, notes }): Outcome => ({ file, line, document, slo, as, notes }),
  ),
  refused: [...problems].sort(byPlace),
  skipped,
});

const SHOWN = 10;

/** Documents that are somebody else's, in a line each; many of them in one. */
export function skippedText(skipped: readonly Skipped[]): string {
  const shown = skipped.slice(0, SHOWN).map((s) => `note: ${s.file}:${s.line}: ${s.document}: ${s.why}\n`);
  const more = skipped.length - shown.length;
  return shown.join('') + (more > 0 ? `note: and ${more} more documents that are not read\n` : '');
}

/** The same report for a person: what became of each SLO on stdout, what is wrong at its line on stderr. */
export function printReport(io: Io, report: ReturnType<typeof reportOf>): void {
  const { red } = palette({ ...io, outTty: io.errTty });
  const rows = report.slos.map((s) => [
    `${s.file}:${s.line}`,
    s.document,
    s.slo,
    s.as ?? 'refused',
    s.notes.join('; '),
  ]);
  if (rows.length > 0) io.out(table([['WHERE', 'DOCUMENT', 'SLO', 'AS', 'NOTE'], ...rows]));
  for (const problem of report.refused) io.err(`${red('refused')} ${problemLine(problem as Problem)}\n`);
  io.err(skippedText(report.skipped));
}
