import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { createTwoFilesPatch } from 'diff';
import { FORMATS, type Format, type RenderedFiles, renderAll } from '../controller/render.ts';
import { systemWords } from '../io/system-failure.ts';
import { type Define, type JsonOptions, jsonOption } from './command.ts';
import { readPlatform } from './files.ts';
import { CliError, EXIT, type Exit, type Io, palette, printJson, progress } from './io.ts';

/** One difference between what is there and what would be rendered. */
interface Drift {
  readonly path: string;
  readonly state: 'missing' | 'changed';
  readonly diff: string;
}

const read = (file: string): string | null => (existsSync(file) ? readFileSync(file, 'utf8') : null);

/** What differs; the difference itself only where it will be shown. */
function drifts(out: string, files: RenderedFiles, shown: boolean): Drift[] {
  return [...files].flatMap(([path, text]): Drift[] => {
    const there = read(join(out, path));
    if (there === text) return [];
    const diff = shown ? createTwoFilesPatch(path, path, there ?? '', text, 'there', 'rendered') : '';
    return [{ path, state: there === null ? 'missing' : 'changed', diff }];
  });
}

/** Writes the files that differ: all of them, or none where one cannot be written. */
function writeAll(out: string, files: RenderedFiles, wanted: readonly Drift[]): void {
  const drafts: [string, string][] = [];
  try {
    for (const { path } of wanted) {
      const file = join(out, path);
      mkdirSync(dirname(file), { recursive: true });
      const draft = `${file}.sluice-draft`;
      writeFileSync(draft, files.get(path)!);
      drafts.push([draft, file]);
    }
  } catch (thrown) {
    for (const [draft] of drafts) rmSync(draft, { force: true });
    throw new CliError(EXIT.unreachable, {
      code: 'NOT_WRITABLE',
      message: `nothing was written: ${systemWords(thrown)}`,
      next: 'make the folder writable, or choose another with --out',
    });
  }
  for (const [draft, file] of drafts) renameSync(draft, file);
}

function formatOf(text: string): Format {
  const format = FORMATS.find((f) => f === text);
  if (format) return format;
  throw new CliError(EXIT.usage, {
    code: 'UNKNOWN_FORMAT',
    message: `no format is named "${text}"`,
    next: `expected one of ${FORMATS.join(', ')}`,
  });
}

const NO_RECEIVER =
  'no receiver is declared: alertmanager/routes.yml is a fragment; copy its routes into your own configuration';

const NAMED_AT_MOST = 12;
const named = (found: readonly Drift[]): string =>
  found.length > NAMED_AT_MOST ? `${found.length} files` : found.map((f) => f.path).join(', ');

interface RenderOptions extends JsonOptions {
  readonly out: string;
  readonly format: string;
  readonly check?: boolean | undefined;
}

/** `sluice render [dir] --out DIR [--check]`: rules, alerts and configuration, or how what is there differs. */
export async function renderCommand(io: Io, where: string, options: RenderOptions): Promise<Exit> {
  const platform = readPlatform(io, where, { platform: 'optional' });
  const line = progress(io);
  const files = await renderAll(platform, formatOf(options.format), (name) =>
    line.say(`rendering ${name}: ${platform.slos.length} SLOs`),
  );
  line.done();
  const out = resolve(io.cwd, options.out);
  const found = drifts(out, files, options.check === true && !options.json);
  const p = palette(io);
  if (!options.check) writeAll(out, files, found);
  if (options.json) {
    const listed = found.map(({ path, state }) => ({ path, state }));
    printJson(io, {
      schema: 'sluice.dev/render/v1',
      files: [...files.keys()],
      changed: listed,
      drift: options.check === true && found.length > 0,
    });
  } else if (options.check) {
    for (const { diff } of found) io.out(diff);
    io.out(
      found.length === 0
        ? `${p.green('no drift')}: ${files.size} files are as rendered\n`
        : `${p.red('drift')}: ${found.length} of ${files.size} files differ. Run sluice render ${where} --out ${options.out}\n`,
    );
  } else {
    io.out(
      `${found.length === 0 ? 'Nothing to write' : `Wrote ${named(found)}`}; ${files.size} files in ${options.out}\n`,
    );
    if (files.has('alertmanager/routes.yml')) io.out(`${p.yellow('note')} ${NO_RECEIVER}\n`);
    io.out(`Next: sluice test ${where}, and commit ${options.out}\n`);
  }
  return options.check && found.length > 0 ? EXIT.no : EXIT.yes;
}

export const define: Define = (command, { io, run }) =>
  command
    .argument('[dir]', 'the declaration', '.')
    .requiredOption('--out <dir>', 'folder to write to')
    .option('--format <format>', 'files, or kubernetes for Kubernetes resources', 'files')
    .option('--check', 'write nothing; show differences as a diff and exit 1 if there are any')
    .addOption(jsonOption())
    .action((dir, o) => run(() => renderCommand(io, dir, o)));
