import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { createTwoFilesPatch } from 'diff';
import { type RenderedFiles, renderAll } from '../controller/render.ts';
import { messageOf } from '../kit/result.ts';
import { readPlatform } from './files.ts';
import { CliError, EXIT, type Exit, type Io, palette, printJson } from './io.ts';

/** One difference between what is there and what would be rendered. */
interface Drift {
  readonly path: string;
  readonly state: 'missing' | 'changed';
  readonly diff: string;
}

const read = (file: string): string | null => (existsSync(file) ? readFileSync(file, 'utf8') : null);

function drifts(out: string, files: RenderedFiles): Drift[] {
  return [...files].flatMap(([path, text]): Drift[] => {
    const there = read(join(out, path));
    if (there === text) return [];
    const diff = createTwoFilesPatch(path, path, there ?? '', text, 'there', 'rendered');
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
      message: `nothing was written: ${messageOf(thrown)}`,
      next: 'make the folder writable, or choose another with --out',
    });
  }
  for (const [draft, file] of drafts) renameSync(draft, file);
}

/** `sluice render [dir] --out DIR [--check]`: rules, alerts and configuration, or how what is there differs. */
export async function renderCommand(
  io: Io,
  where: string,
  options: { out: string; check?: boolean; json?: boolean },
): Promise<Exit> {
  const files = renderAll(readPlatform(io, where));
  const out = resolve(io.cwd, options.out);
  const found = drifts(out, files);
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
      `${found.length === 0 ? 'Nothing to write' : `Wrote ${found.map((f) => f.path).join(', ')}`}; ${files.size} files in ${options.out}\n`,
    );
    io.out(`Next: promtool check rules ${options.out}/*/prometheus/rules.yml\n`);
  }
  return options.check && found.length > 0 ? EXIT.no : EXIT.yes;
}
