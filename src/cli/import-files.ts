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
import { systemRefusal } from '../io/system-failure.ts';
import { byPlace, type Problem, problemLine } from '../kit/problem.ts';
import { messageOf } from '../kit/result.ts';
import { refusedFile } from './file-argument.ts';
import { CliError, EXIT, type Io, palette, table } from './io.ts';

/** A manifest says what it is near its beginning; a List says that it is one. */
const HEAD = 4_096;

/** JSON is read where it is a manifest, as kubectl and Jsonnet write it: others are no business of ours. */
const MANIFEST = /"apiVersion"\s*:|"version"\s*:\s*"prometheus\//;
const isManifest = (path: string, text: string): boolean =>
  !path.endsWith('.json') || (!/(^|\/)node_modules\//.test(path) && MANIFEST.test(text.slice(0, HEAD)));

/** A file that is named is meant; in a folder others may be. */
interface Candidate {
  readonly path: string;
  readonly isNamed: boolean;
}

/** What is read of places, and what of them cannot be: each a problem of its own that hides no other file. */
interface Sources {
  readonly files: readonly SourceFile[];
  readonly problems: readonly Problem[];
}

const UNREADABLE = 'NOT_READABLE';

/** By what somebody else's file cannot be read, at the file. */
function problemOf(file: string, thrown: unknown): Problem {
  const place = { file, line: 1, path: '' };
  if (thrown instanceof TypeError)
    return { ...place, code: 'NOT_UTF8', message: 'it is not UTF-8', next: 'save it as UTF-8' };
  const { message, next } = systemRefusal(thrown) ?? {
    message: `it cannot be read: ${messageOf(thrown)}`,
    next: 'fix it, or give the other files by name',
  };
  return { ...place, code: UNREADABLE, message, next };
}

/**
 * What a folder holds, links followed; each real folder is entered once, so that links in a circle end. What cannot be
 * looked at is told, if it could have been read.
 */
function filesBelow(
  folder: string,
  entered: Set<string>,
  tell: (path: string, thrown: unknown) => void,
): string[] {
  try {
    const real = realpathSync(folder);
    if (entered.has(real)) return [];
    entered.add(real);
    return readdirSync(folder)
      .sort()
      .flatMap((name) => {
        const path = join(folder, name);
        const isOurs = /\.(ya?ml|json)$/.test(name);
        try {
          const found = statSync(path);
          if (found.isDirectory()) return filesBelow(path, entered, tell);
          return isOurs && found.isFile() ? [path] : [];
        } catch (thrown) {
          if (isOurs) tell(path, thrown);
          return [];
        }
      });
  } catch (thrown) {
    tell(folder, thrown);
    return [];
  }
}

/** The text of a manifest; null: other JSON of a folder, which is no business of ours. Throws where it cannot be read. */
function textOf({ path, isNamed }: Candidate): string | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readFileSync(path));
    return isNamed || isManifest(path, text) ? text : null;
  } catch (thrown) {
    if (thrown instanceof TypeError && !isNamed && path.endsWith('.json')) return null;
    throw thrown;
  }
}

/** Throws for a file that was named itself: there is nothing else that was meant. */
function refuseNamed({ file, code, message, next = 'name another file' }: Problem): never {
  throw refusedFile(file, { code, next }, message);
}

/** Every manifest of these folders and files, each once, by the name under which people know it. */
export function readSources(io: Io, places: readonly string[], whose: string): Sources {
  const problems: Problem[] = [];
  const nameOf = (path: string): string => {
    const short = relative(io.cwd, path);
    return short.startsWith('..') ? path : short;
  };
  const tell = (path: string, thrown: unknown) => void problems.push(problemOf(nameOf(path), thrown));
  const found = places.flatMap((where): Candidate[] => {
    const root = resolve(io.cwd, where);
    if (!existsSync(root))
      throw new CliError(EXIT.usage, {
        code: 'NO_SUCH_FOLDER',
        message: `${where} does not exist`,
        next: `give the folder of your ${whose}`,
      });
    return statSync(root).isDirectory()
      ? filesBelow(root, new Set(), tell).map((path) => ({ path, isNamed: false }))
      : [{ path: root, isNamed: true }];
  });
  const files = [...new Map(found.map((one) => [one.path, one])).values()].flatMap((one) => {
    const file = nameOf(one.path);
    try {
      const text = textOf(one);
      return text === null ? [] : [{ file, text }];
    } catch (thrown) {
      const problem = problemOf(file, thrown);
      if (one.isNamed) refuseNamed(problem);
      problems.push(problem);
      return [];
    }
  });
  return { files, problems };
}

/** The same where nothing may be left out. */
export function readAllSources(io: Io, places: readonly string[], whose: string): readonly SourceFile[] {
  const { files, problems } = readSources(io, places, whose);
  if (problems[0]) refuseNamed(problems[0]);
  return files;
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
