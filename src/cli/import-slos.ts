import { InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { compile } from '../controller/compile.ts';
import type { SourceFile } from '../declaration/documents.ts';
import { checkedReading, filesOf, uniqueReading } from '../declaration/import/bundle.ts';
import type { Reading } from '../declaration/import/reading.ts';
import type { JsonOptions } from './command.ts';
import { printReport, readSources, reportOf, writeNew } from './import-files.ts';
import { CliError, EXIT, type Exit, type Io, palette, printJson } from './io.ts';

/** A tool whose SLOs are read. */
interface SloTool {
  /** As in `sluice import <from>`. */
  readonly from: string;
  /** What people call its documents: `Sloth documents`. */
  readonly documents: string;
  /** What was looked for and not found: code and words. */
  readonly none: { readonly code: string; readonly what: string };
  read(files: readonly SourceFile[]): Reading;
}

const MAX_NAMED = 3;

interface ImportOptions extends JsonOptions {
  readonly out: string;
  readonly prometheusVersion?: string | undefined;
}

/** `--prometheus-version`: names and functions that only a newer Prometheus knows are refused without it. */
export const versionOption = () =>
  new Option(
    '--prometheus-version <version>',
    'version of the Prometheus that is asked, if queries use newer features',
  ).argParser((text: string) => {
    if (/^\d+\.\d+/.test(text)) return text;
    throw new InvalidArgumentError('Expected a version, such as 3.1.');
  });

/** What is there instead: whoever gives documents of another tool sees it. */
function foundText(skipped: Reading['skipped']): string {
  const kinds = [...new Set(skipped.map(({ document, why }) => `${document} (${why})`))];
  if (kinds.length === 0) return '';
  const more = kinds.length > MAX_NAMED ? `, and ${kinds.length - MAX_NAMED} more` : '';
  return `: what is there is ${kinds.slice(0, MAX_NAMED).join(', ')}${more}`;
}

/**
 * Brings over every SLO that can be, and says of each other why not: one that is wrong hides nobody. Exit 1 where
 * anything was refused; nothing is ever written over.
 */
export async function importSlos(
  io: Io,
  places: readonly string[],
  options: ImportOptions,
  tool: SloTool,
): Promise<Exit> {
  const version = options.prometheusVersion ?? null;
  const sources = readSources(io, places, tool.documents);
  const own = tool.read(sources.files);
  const read = { ...own, problems: [...sources.problems, ...own.problems] };
  if (read.brought.length + read.refused.length + read.problems.length === 0)
    throw new CliError(EXIT.usage, {
      code: tool.none.code,
      message: `no ${tool.none.what} was found below ${places.join(', ')}${foundText(read.skipped)}`,
      next: `give the folder of your ${tool.documents}`,
    });
  const reading = uniqueReading(checkedReading(read, compile, version));
  const texts = filesOf(reading.brought, version);
  writeNew(io, options.out, texts);
  const report = reportOf(reading);
  const complete = report.refused.length === 0;
  if (options.json)
    printJson(io, { schema: 'sluice.dev/import/v1', from: tool.from, files: [...texts.keys()], ...report });
  else {
    const p = palette(io);
    printReport(io, report);
    const done = `${reading.brought.length} of ${report.slos.length} SLOs`;
    const word = complete ? p.green('imported') : p.yellow('imported in part');
    io.out(texts.size > 0 ? `${word}: ${done} into ${options.out}\n` : `${p.red('not imported')}: ${done}\n`);
    if (texts.size > 0) io.out(`Next: sluice render ${options.out} --out rendered\n`);
  }
  return complete ? EXIT.yes : EXIT.no;
}
